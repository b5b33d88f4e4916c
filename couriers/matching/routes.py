"""What a further order adds to the routes of couriers, for many couriers and orders at once.

An order is put in where it costs least: its store and its door at any two places among the stops a courier still has
to make, the others in the order they have. Couriers with the same number of stops are reckoned together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import inf
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from catalog.geography import EARTH_RADIUS_M, Position
from couriers.matching.situation import KnownCourier, Rules, Stop, WaitingOrder

Matrix = npt.NDArray[np.float64]

NOWHERE: Final = Position(0.0, 0.0)
MOST_STOPS: Final = 6
"""Behind more than these a further order only comes last: there are too many places to try all."""


@dataclass(frozen=True, slots=True)
class Additions:
    """One row for each courier, one column for each order; `place` is the number of the one of `places(stops)`."""

    cost: Matrix
    travel_seconds: Matrix
    late_seconds: Matrix
    door_seconds: Matrix
    place: npt.NDArray[np.int64]

    @classmethod
    def unknown(cls, couriers: int, orders: int) -> Self:
        shape = (couriers, orders)
        cost, travel, late, door = (np.full(shape, inf) for _ in range(4))
        return cls(cost, travel, late, door, place=np.zeros(shape, dtype=np.int64))

    def put(self, rows: Sequence[int], columns: Sequence[int], other: Self) -> None:
        for name in self.__slots__:
            getattr(self, name)[np.ix_(rows, columns)] = getattr(other, name)

    def copy(self) -> Self:
        return type(self)(*(getattr(self, name).copy() for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Goals:
    """Where orders are fetched and brought, as rows of points, and when."""

    stores: Matrix
    doors: Matrix
    ready_seconds: Matrix
    due_seconds: Matrix

    @classmethod
    def of(cls, orders: Sequence[WaitingOrder]) -> Self:
        return cls(
            points([order.pickup for order in orders]),
            points([order.dropoff for order in orders]),
            np.array([order.ready_seconds for order in orders]),
            np.array([order.due_seconds for order in orders]),
        )

    def some(self, columns: Sequence[int]) -> Self:
        return type(self)(*(getattr(self, name)[columns] for name in self.__slots__))


def places(stops: int) -> list[tuple[int, int]]:
    """Before which of the stops the store and the door come; the door never before the store."""
    if stops > MOST_STOPS:
        return [(stops, stops)]
    return [(store, door) for store in range(stops + 1) for door in range(store, stops + 1)]


def additions(couriers: Sequence[KnownCourier], goals: Goals, rules: Rules) -> Additions:
    """What each order would add to each courier's route."""
    columns = range(len(goals.ready_seconds))
    found = Additions.unknown(len(couriers), len(columns))
    by_stops = sorted(range(len(couriers)), key=lambda row: len(couriers[row].stops))
    for _, alike in groupby(by_stops, key=lambda row: len(couriers[row].stops)):
        rows = list(alike)
        found.put(rows, columns, _Fleet([couriers[row] for row in rows], goals, rules).additions())
    return found


def with_order(courier: KnownCourier, order: WaitingOrder, *, place: int) -> KnownCourier:
    """The courier once they have taken the order on."""
    store, door = places(len(courier.stops))[place]
    fetch = Stop(position=order.pickup, ready_seconds=order.ready_seconds)
    bring = Stop(position=order.dropoff, due_seconds=order.due_seconds)
    stops = (*courier.stops[:store], fetch, *courier.stops[store:door], bring, *courier.stops[door:])
    return replace(courier, stops=stops, active_orders=courier.active_orders + 1)


def points(positions: Sequence[Position]) -> Matrix:
    """One row each: points of a ball with the Earth's radius, in metres, between which lines are straight."""
    degrees = np.array([(one.latitude, one.longitude) for one in positions], dtype=float).reshape(-1, 2)
    latitudes, longitudes = np.radians(degrees).T
    xyz = (np.cos(latitudes) * np.cos(longitudes), np.cos(latitudes) * np.sin(longitudes), np.sin(latitudes))
    unit: Matrix = np.stack(xyz, axis=1)
    return unit * EARTH_RADIUS_M


def distances_m(sources: Matrix, goals: Matrix) -> Matrix:
    """From each to each, in a straight line: within a city as long as great circles."""
    x, y, z = (np.subtract.outer(sources[:, axis], goals[:, axis]) for axis in range(3))
    metres: Matrix = np.sqrt(x * x + y * y + z * z)
    return metres


def _each_m(sources: Matrix, goals: Matrix) -> Matrix:
    """From the first to the first, from the second to the second."""
    metres: Matrix = np.sqrt(((sources - goals) ** 2).sum(axis=1))
    return metres


@dataclass(frozen=True, slots=True)
class _Ride:
    """What comes of making stops one after the other."""

    seconds: Matrix
    travel: Matrix
    waiting: Matrix
    doors: Matrix
    late: Matrix

    def cost(self, rules: Rules) -> Matrix:
        return (
            self.travel
            + rules.waiting_weight * self.waiting
            + rules.door_weight * self.doors
            + rules.lateness_weight * self.late
        )


class _Fleet:
    """Couriers with the same number of stops, against all orders.

    Points are numbered: 0 is where couriers are, 1 and on their stops, then the order's store and its door.
    """

    def __init__(self, couriers: Sequence[KnownCourier], goals: Goals, rules: Rules) -> None:
        self._rules, self._goals = rules, goals
        self._stops = len(couriers[0].stops)
        self._store, self._door = self._stops + 1, self._stops + 2
        self._shape = (len(couriers), len(goals.ready_seconds))
        self._speed = np.array([[one.metres_per_second / rules.detour_factor] for one in couriers])
        self._doubt = np.array([[_doubt(one, rules)] for one in couriers])
        self._is_known = np.array([[float(one.position is not None)] for one in couriers])
        self._ready = [_column([one.stops[n].ready_seconds for one in couriers], -inf) for n in range(self._stops)]
        self._due = [_column([one.stops[n].due_seconds for one in couriers], inf) for n in range(self._stops)]
        self._legs = dict(self._measured(couriers))

    def additions(self) -> Additions:
        """The cheapest place for each."""
        without = self._ride(range(1, self._stops + 1))[0]
        best = Additions.unknown(*self._shape)
        for number, (store, door) in enumerate(places(self._stops)):
            ride, door_seconds = self._ride(self._sequence(store, door))
            cost = ride.cost(self._rules) - without.cost(self._rules)
            better = cost < best.cost
            for kept, new in (
                (best.cost, cost),
                (best.travel_seconds, ride.travel - without.travel),
                (best.late_seconds, ride.late - without.late),
                (best.door_seconds, door_seconds),
                (best.place, np.int64(number)),
            ):
                np.copyto(kept, new, where=better, casting="unsafe")
        return best

    def _sequence(self, store: int, door: int) -> list[int]:
        stops = list(range(1, self._stops + 1))
        return [*stops[:store], self._store, *stops[store:door], self._door, *stops[door:]]

    def _ride(self, sequence: Sequence[int]) -> tuple[_Ride, Matrix]:
        """And when the order is at its door, if it is among the stops."""
        nothing = np.zeros((self._shape[0], 1))
        seconds = travel = waiting = doors = late = door_seconds = nothing
        here = 0
        for point in sequence:
            leg = self._leg(here, point)
            seconds, travel = seconds + leg, travel + leg
            wait = np.maximum(0.0, self._ready_at(point) - seconds)
            seconds, waiting = seconds + wait, waiting + wait
            doors = doors + seconds * self._brings(point)
            late = late + np.maximum(0.0, seconds - self._due_at(point))
            if point == self._door:
                door_seconds = seconds
            seconds = seconds + self._rules.handover_seconds
            here = point
        return _Ride(seconds, travel, waiting, doors, late), door_seconds

    def _ready_at(self, point: int) -> Matrix | float:
        if point == self._store:
            return self._goals.ready_seconds
        return -inf if point == self._door else self._ready[point - 1]

    def _due_at(self, point: int) -> Matrix | float:
        if point == self._door:
            return self._goals.due_seconds
        return inf if point == self._store else self._due[point - 1]

    def _brings(self, point: int) -> npt.NDArray[np.bool_] | bool:
        return point == self._door or (point != self._store and self._due[point - 1] < inf)

    def _leg(self, here: int, there: int) -> Matrix:
        return self._legs[min(here, there), max(here, there)]

    def _measured(self, couriers: Sequence[KnownCourier]) -> Iterator[tuple[tuple[int, int], Matrix]]:
        """Seconds between any two points that may follow each other."""
        here = points([one.position or NOWHERE for one in couriers])
        for number in range(self._stops + 1):
            for point, goals in ((self._store, self._goals.stores), (self._door, self._goals.doors)):
                yield (number, point), self._seconds(distances_m(here, goals), is_first=number == 0)
            if number < self._stops:
                following = points([one.stops[number].position for one in couriers])
                way = _each_m(here, following)[:, np.newaxis]
                yield (number, number + 1), self._seconds(way, is_first=number == 0)
                here = following
        yield (self._store, self._door), self._seconds(_each_m(self._goals.stores, self._goals.doors), is_first=False)

    def _seconds(self, metres: Matrix, *, is_first: bool) -> Matrix:
        """The first leg is the one with doubts."""
        seconds: Matrix = metres / self._speed
        if not is_first:
            return seconds
        seconds = seconds * self._is_known
        seconds += self._doubt * np.maximum(0.0, self._rules.unknown_approach_seconds - seconds)
        return seconds


def _doubt(courier: KnownCourier, rules: Rules) -> float:
    """From 0, where the position is believed, to 1, where nothing is known."""
    if courier.position is None or courier.position_age_seconds is None:
        return 1.0
    aged = (courier.position_age_seconds - rules.fresh_seconds) / (rules.silent_seconds - rules.fresh_seconds)
    return min(1.0, max(0.0, aged))


def _column(values: Sequence[float | None], default: float) -> Matrix:
    column: Matrix = np.array([[default if value is None else value] for value in values])
    return column
