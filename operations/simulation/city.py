"""A recorded day of deliveries: the folder format, and reading it with exact complaints.

The format is that of the public Meal Delivery Routing Problem instances: tab-separated files with a
header line each, times in whole minutes of the day, coordinates in metres.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from operations.simulation.geography import Projection


class CityMalformed(Exception):
    """A folder that is not a day: says in which file, on which line, and what is wrong."""

    def __init__(self, path: Path, line: int | None, what: str) -> None:
        self.path = path
        self.line = line
        self.what = what
        where = f"{path}, line {line}" if line else f"{path}"
        super().__init__(f"{where}: {what}")


@dataclass(frozen=True, slots=True)
class Restaurant:
    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class CityOrder:
    """One order of the day: where it goes, when it was placed, when its food was ready."""

    name: str
    x: float
    y: float
    placed_minute: int
    restaurant: str
    ready_minute: int

    @property
    def preparation_minutes(self) -> int:
        return self.ready_minute - self.placed_minute


@dataclass(frozen=True, slots=True)
class CityCourier:
    name: str
    x: float
    y: float
    on_minute: int
    off_minute: int


Thing = TypeVar("Thing", Restaurant, CityOrder, CityCourier)


@dataclass(frozen=True, slots=True)
class Parameters:
    """How fast couriers ride and how long they stand at the store and at the door."""

    metres_per_minute: float
    pickup_minutes: int
    dropoff_minutes: int


@dataclass(frozen=True, slots=True)
class City:
    """A whole day; orders sorted by placement, couriers by the start of their shift."""

    name: str
    restaurants: Mapping[str, Restaurant]
    orders: tuple[CityOrder, ...]
    couriers: tuple[CityCourier, ...]
    parameters: Parameters

    def projection(self) -> Projection:
        """One mapping for all of the city's points."""
        stores = [(restaurant.x, restaurant.y) for restaurant in self.restaurants.values()]
        doors = [(order.x, order.y) for order in self.orders]
        homes = [(courier.x, courier.y) for courier in self.couriers]
        return Projection.around(stores + doors + homes)


def read_city(folder: Path) -> City:
    """The day in `folder`. Raises CityMalformed."""
    if not folder.is_dir():
        raise CityMalformed(folder, None, "there is no such folder")
    restaurants = _by_name(_read(folder / "restaurants.txt", ("restaurant", "x", "y"), _restaurant))
    orders = _by_name(_read(folder / "orders.txt", _ORDER_COLUMNS, _order(restaurants)))
    couriers = _by_name(_read(folder / "couriers.txt", _COURIER_COLUMNS, _courier))
    return City(
        name=folder.resolve().name,
        restaurants=restaurants,
        orders=tuple(sorted(orders.values(), key=lambda order: order.placed_minute)),
        couriers=tuple(sorted(couriers.values(), key=lambda courier: courier.on_minute)),
        parameters=_parameters(folder / "instance_parameters.txt"),
    )


_ORDER_COLUMNS = ("order", "x", "y", "placement_time", "restaurant", "ready_time")
_COURIER_COLUMNS = ("courier", "x", "y", "on_time", "off_time")
_PARAMETER_COLUMNS = ("meters_per_minute", "pickup service minutes", "dropoff service minutes")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line, asked for its fields by column."""

    path: Path
    line: int
    fields: Mapping[str, str]

    def text(self, column: str) -> str:
        value = self.fields[column].strip()
        if not value:
            raise self.wrong(f"column {column!r} is empty")
        return value

    def metres(self, column: str) -> float:
        try:
            value = float(self.text(column))
        except ValueError:
            raise self.wrong(f"column {column!r} is not a number: {self.text(column)!r}") from None
        if not math.isfinite(value):
            raise self.wrong(f"column {column!r} is not a finite number: {self.text(column)!r}")
        return value

    def minutes(self, column: str) -> int:
        try:
            value = int(self.text(column))
        except ValueError:
            raise self.wrong(f"column {column!r} is not a whole number of minutes: {self.text(column)!r}") from None
        if value < 0:
            raise self.wrong(f"column {column!r} is below zero: {value}")
        return value

    def wrong(self, what: str) -> CityMalformed:
        return CityMalformed(self.path, self.line, what)


def _restaurant(row: _Row) -> Restaurant:
    return Restaurant(row.text("restaurant"), row.metres("x"), row.metres("y"))


def _order(restaurants: Mapping[str, Restaurant]) -> Callable[[_Row], CityOrder]:
    def parse(row: _Row) -> CityOrder:
        order = CityOrder(
            row.text("order"),
            row.metres("x"),
            row.metres("y"),
            row.minutes("placement_time"),
            row.text("restaurant"),
            row.minutes("ready_time"),
        )
        if order.restaurant not in restaurants:
            raise row.wrong(f"restaurant {order.restaurant!r} is not in restaurants.txt")
        if order.preparation_minutes < 0:
            raise row.wrong(f"ready at {order.ready_minute}, before it was placed at {order.placed_minute}")
        return order

    return parse


def _courier(row: _Row) -> CityCourier:
    courier = CityCourier(
        row.text("courier"), row.metres("x"), row.metres("y"), row.minutes("on_time"), row.minutes("off_time")
    )
    if courier.off_minute <= courier.on_minute:
        raise row.wrong(f"the shift ends at {courier.off_minute}, not after its start at {courier.on_minute}")
    return courier


def _parameters(path: Path) -> Parameters:
    row = next(_rows(path, _PARAMETER_COLUMNS))
    speed = row.metres("meters_per_minute")
    if speed <= 0:
        raise row.wrong(f"column 'meters_per_minute' must be above zero: {speed:g}")
    return Parameters(speed, row.minutes("pickup service minutes"), row.minutes("dropoff service minutes"))


def _read(path: Path, columns: tuple[str, ...], parse: Callable[[_Row], Thing]) -> Iterator[tuple[_Row, Thing]]:
    return ((row, parse(row)) for row in _rows(path, columns))


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    """The lines after the header, at least one; columns beyond those asked for are let be."""
    lines = _lines(path)
    header = lines[0].split("\t")
    missing = [column for column in columns if column not in header]
    if missing:
        raise CityMalformed(path, 1, f"the header lacks {', '.join(map(repr, missing))}")
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    if not rows:
        raise CityMalformed(path, None, "nothing after the header")
    for number, line in rows:
        values = line.split("\t")
        if len(values) != len(header):
            raise CityMalformed(path, number, f"{len(values)} columns where the header has {len(header)}")
        yield _Row(path, number, dict(zip(header, values, strict=True)))


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CityMalformed(path, None, "the file is missing") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise CityMalformed(path, None, f"the file cannot be read: {problem}") from problem
    if not lines:
        raise CityMalformed(path, None, "the file is empty")
    return lines


def _by_name(things: Iterable[tuple[_Row, Thing]]) -> dict[str, Thing]:
    named: dict[str, Thing] = {}
    for row, thing in things:
        if thing.name in named:
            raise row.wrong(f"{thing.name!r} is there twice")
        named[thing.name] = thing
    return named
