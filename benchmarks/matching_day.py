"""A recorded day, replayed with each engine of `couriers.matching`: how late orders come, and how far couriers ride.

    python -m benchmarks.matching_day                                # the hand-made city
    python -m benchmarks.matching_day path/to/instance [another …]   # days in the format of the public MDRP instances
    python -m benchmarks.matching_day path/to/instance --capacity 1  # nobody carries two orders

Nothing is served and no database is asked: engines are functions. Couriers accept what is proposed, except for a share
that `--decline` gives, put it where it fits best among their stops, and ride straight lines at the day's speed.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, quantiles
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from rich.console import Console
from rich.table import Table

from catalog.geography import Position, distance_m
from couriers.matching import nearest, together
from couriers.matching.plan import Engine
from couriers.matching.routes import Goals, additions, with_order
from couriers.matching.situation import KnownCourier, Rules, Situation, Stop, WaitingOrder
from operations.simulation.city import City, CityOrder, read_city
from operations.simulation.geography import Place

HAND_MADE: Final = Path(__file__).resolve().parent.parent / "operations" / "cities" / "mitte"
ENGINES: Final[dict[str, Engine]] = {"nearest": nearest.match, "together": together.match}
AFTER_CLOSING_SECONDS: Final = 3 * 3600
SHORTEST_LEG_M: Final = 0.01
WIDTH: Final = 110


@dataclass(slots=True)
class Rider:
    """A courier underway. The stops' times are of the day, and each names its order."""

    id: UUID
    on_seconds: float
    off_seconds: float
    position: Position
    stops: list[tuple[UUID, Stop]] = field(default_factory=list)
    clock: float = 0.0
    leaves_at: float | None = None
    ridden_m: float = 0.0

    def is_on_shift(self, now: float) -> bool:
        return self.on_seconds <= now < self.off_seconds

    @property
    def carries(self) -> int:
        return len({order_id for order_id, _ in self.stops})


@dataclass(slots=True)
class Day:
    """One replay. Times are seconds of the day."""

    city: City
    engine: Engine
    rules: Rules
    capacity: int
    target_seconds: float
    decline_share: float
    dice: random.Random
    riders: list[Rider] = field(default_factory=list)
    waiting: dict[UUID, WaitingOrder] = field(default_factory=dict)
    placed: dict[UUID, float] = field(default_factory=dict)
    delivered: dict[UUID, float] = field(default_factory=dict)
    thinking: list[float] = field(default_factory=list)

    def play(self, *, every_seconds: float) -> None:
        projection = self.city.projection()
        self.riders = [
            Rider(_id(one.name), one.on_minute * 60, one.off_minute * 60, _position(projection.place(one.x, one.y)))
            for one in self.city.couriers
        ]
        now = self.city.orders[0].placed_minute * 60.0
        closing = self.city.orders[-1].placed_minute * 60.0 + AFTER_CLOSING_SECONDS
        coming = list(self.city.orders)
        while now < closing and (coming or self.waiting or any(rider.stops for rider in self.riders)):
            while coming and coming[0].placed_minute * 60 <= now:
                self._place(coming.pop(0))
            for rider in self.riders:
                self._ride(rider, until=now)
            self._match(now)
            now += every_seconds

    def _place(self, order: CityOrder) -> None:
        projection = self.city.projection()
        restaurant = self.city.restaurants[order.restaurant]
        order_id, placed = order_key(order), order.placed_minute * 60.0
        self.placed[order_id] = placed
        self.waiting[order_id] = WaitingOrder(
            id=order_id,
            store_id=_id(order.restaurant),
            pickup=_position(projection.place(restaurant.x, restaurant.y)),
            dropoff=_position(projection.place(order.x, order.y)),
            ready_seconds=order.ready_minute * 60.0,
            due_seconds=placed + self.target_seconds,
        )

    def _match(self, now: float) -> None:
        on_shift = {rider.id: rider for rider in self.riders if rider.is_on_shift(now)}
        if not self.waiting or not on_shift:
            return
        situation = Situation(
            orders=tuple(_from_now(order, now) for order in self.waiting.values()),
            couriers=tuple(self._known(rider, now) for rider in on_shift.values()),
            rules=self.rules,
        )
        started = time.perf_counter()
        plan = self.engine(situation)
        self.thinking.append(time.perf_counter() - started)
        for proposal in plan.proposals:
            self._answer(on_shift[proposal.courier_id], self.waiting[proposal.order_id], now)

    def _answer(self, rider: Rider, order: WaitingOrder, now: float) -> None:
        if self.dice.random() < self.decline_share:
            self.waiting[order.id] = replace(order, asked=order.asked | {rider.id})
            return
        del self.waiting[order.id]
        known, wanted = self._known(rider, now), _from_now(order, now)
        place = int(additions([known], Goals.of([wanted]), self.rules).place[0, 0])
        owners = [order_id for order_id, _ in rider.stops]
        stops = with_order(known, wanted, place=place).stops
        rider.stops = [(order_id, _of_the_day(stop, now)) for order_id, stop in _named(stops, owners, order.id, known)]

    def _known(self, rider: Rider, now: float) -> KnownCourier:
        return KnownCourier(
            id=rider.id,
            metres_per_second=self.city.parameters.metres_per_minute / 60,
            capacity=self.capacity,
            active_orders=rider.carries,
            position=rider.position,
            position_age_seconds=0.0,
            stops=tuple(_stop_from_now(stop, now) for _, stop in rider.stops),
        )

    def _ride(self, rider: Rider, *, until: float) -> None:
        rider.clock = max(rider.clock, rider.on_seconds)
        while rider.stops and rider.clock < until:
            if rider.leaves_at is None and not self._arrives(rider, until=until):
                return
            if rider.leaves_at is None or rider.leaves_at > until:
                rider.clock = until
                return
            rider.clock, rider.leaves_at = rider.leaves_at, None
            rider.stops.pop(0)
        rider.clock = max(rider.clock, until)

    def _arrives(self, rider: Rider, *, until: float) -> bool:
        """Whether the next stop is reached by then; if it is, when the rider may leave it."""
        order_id, stop = rider.stops[0]
        speed = self.city.parameters.metres_per_minute / 60
        way = distance_m(rider.position, stop.position)
        reach = (until - rider.clock) * speed
        rider.ridden_m += min(way, reach)
        if way > reach + SHORTEST_LEG_M:
            rider.position, rider.clock = _along(rider.position, stop.position, reach / way), until
            return False
        rider.position, rider.clock = stop.position, rider.clock + way / speed
        if stop.due_seconds is not None:
            self.delivered[order_id] = rider.clock
        rider.leaves_at = max(rider.clock, stop.ready_seconds or 0.0) + self.rules.handover_seconds
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    orders: int
    delivered: int
    mean_minutes: float
    p90_minutes: float
    late_share: float
    mean_late_minutes: float
    km_per_order: float
    mean_milliseconds: float
    longest_milliseconds: float


def figures(day: Day) -> Figures:
    """Of what was delivered; orders that are placed when the last courier has gone home stay where they are."""
    taken = [day.delivered[order_id] - placed for order_id, placed in day.placed.items() if order_id in day.delivered]
    late = [max(0.0, seconds - day.target_seconds) for seconds in taken]
    return Figures(
        orders=len(day.placed),
        delivered=len(day.delivered),
        mean_minutes=mean(taken) / 60,
        p90_minutes=quantiles(taken, n=10)[-1] / 60,
        late_share=sum(seconds > 0 for seconds in late) / len(late),
        mean_late_minutes=mean(late) / 60,
        km_per_order=sum(rider.ridden_m for rider in day.riders) / 1000 / len(day.delivered),
        mean_milliseconds=mean(day.thinking) * 1000,
        longest_milliseconds=max(day.thinking) * 1000,
    )


def replayed(city: City, name: str, *, options: argparse.Namespace) -> Figures:
    parameters = city.parameters
    rules = Rules(
        detour_factor=1.0, handover_seconds=60 * mean((parameters.pickup_minutes, parameters.dropoff_minutes))
    )
    day = Day(
        city=city,
        engine=ENGINES[name],
        rules=rules,
        capacity=options.capacity,
        target_seconds=options.target * 60,
        decline_share=options.decline,
        dice=random.Random(options.seed),
    )
    day.play(every_seconds=options.every)
    return figures(day)


def main() -> None:
    options = parsed()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = Table(
        "day", "engine", min_width=WIDTH, title=f"capacity {options.capacity}, a plan every {options.every:g} s"
    )
    for heading in ("orders", "delivered", "min", "p90 min", "late", "late min", "km/order", "plan ms", "longest"):
        table.add_column(heading, justify="right")
    for folder in options.folders or [HAND_MADE]:
        city = read_city(folder)
        for name in options.engines:
            table.add_row(city.name, name, *_cells(replayed(city, name, options=options)))
    console.print(table)


def _cells(found: Figures) -> Sequence[str]:
    return (
        f"{found.orders}", f"{found.delivered}", f"{found.mean_minutes:.1f}", f"{found.p90_minutes:.1f}",
        f"{found.late_share:.1%}", f"{found.mean_late_minutes:.2f}", f"{found.km_per_order:.2f}",
        f"{found.mean_milliseconds:.1f}", f"{found.longest_milliseconds:.0f}",
    )  # fmt: skip


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="recorded days (the hand-made city)")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), help="(all)")
    parser.add_argument("--capacity", type=int, default=2, help="orders a courier carries at once (%(default)s)")
    parser.add_argument("--every", type=float, default=30.0, help="seconds from plan to plan (%(default)s)")
    parser.add_argument("--target", type=float, default=40.0, help="minutes from placing to the door (%(default)s)")
    parser.add_argument("--decline", type=float, default=0.0, help="share of proposals declined (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of who declines (%(default)s)")
    return parser.parse_args()


def _named(
    stops: Sequence[Stop], owners: Sequence[UUID], order_id: UUID, before: KnownCourier
) -> list[tuple[UUID, Stop]]:
    """Whose each stop is: those there were keep their order, the two that have been put in are the new order's."""
    known, named = list(zip(before.stops, owners, strict=True)), []
    for stop in stops:
        if known and stop is known[0][0]:
            named.append((known.pop(0)[1], stop))
        else:
            named.append((order_id, stop))
    return named


def order_key(order: CityOrder) -> UUID:
    return _id(order.name)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def _position(place: Place) -> Position:
    return Position(place.latitude, place.longitude)


def _from_now(order: WaitingOrder, now: float) -> WaitingOrder:
    return replace(order, ready_seconds=order.ready_seconds - now, due_seconds=order.due_seconds - now)


def _stop_from_now(stop: Stop, now: float) -> Stop:
    return _of_the_day(stop, -now)


def _of_the_day(stop: Stop, now: float) -> Stop:
    """With the times of the day again."""
    return replace(
        stop,
        ready_seconds=None if stop.ready_seconds is None else stop.ready_seconds + now,
        due_seconds=None if stop.due_seconds is None else stop.due_seconds + now,
    )


def _along(start: Position, end: Position, share: float) -> Position:
    return Position(
        start.latitude + (end.latitude - start.latitude) * share,
        start.longitude + (end.longitude - start.longitude) * share,
    )


if __name__ == "__main__":
    main()
