"""The time of arrival of every order of a replayed day, asked for every half minute, and how far it was off."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import mean, median
from typing import Final
from uuid import UUID

from benchmarks.matching_day import Day, Rider, order_key
from catalog.geography import Position
from couriers.matching import together
from couriers.matching.situation import Rules, WaitingOrder
from operations.simulation.city import City, CityOrder
from orders.states import OrderStatus
from tracking import eta
from tracking.arrival import arrival_window
from tracking.eta import Journey, Reached, eta_seconds
from tracking.tour import Errand, Tour

PROMISED_SECONDS: Final = 45 * 60
EVERY_SECONDS: Final = 30.0
USUAL_PREPARATION_SECONDS: Final = 15 * 60.0
ENOUGH_ORDERS: Final = 3
MIDNIGHT: Final = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS: Final = ("placed", "accepted", "picked up", "half-way to the door")
PROMISE: Final = "placed + 45 min"


@dataclass(frozen=True, slots=True)
class Guess:
    """What was answered at a moment of the day; `window` as seconds of the day."""

    at: float
    status: OrderStatus
    arrives_at: float
    window: tuple[float, float]


@dataclass
class WatchedDay(Day):
    expected_ready: Mapping[UUID, float] = field(default_factory=dict)
    handover_reckoned_seconds: float = 240.0
    orders: dict[UUID, WaitingOrder] = field(default_factory=dict)
    guesses: dict[UUID, list[Guess]] = field(default_factory=lambda: defaultdict(list))

    def _match(self, now: float) -> None:
        self.orders |= self.waiting
        super()._match(now)
        for order_id in self.waiting:
            self._ask(order_id, OrderStatus.CONFIRMED, now)
        for rider in self.riders:
            tour = self._tour(rider, now)
            for errand in tour.errands:
                status = OrderStatus.PICKED_UP if errand.picked_up_at else OrderStatus.ASSIGNED
                reached = tour.reached[errand.order_id]
                self._ask(errand.order_id, status, now, courier=rider.position, reached=reached)

    def _tour(self, rider: Rider, now: float) -> Tour:
        """What the platform knows of it: not in which order the stops are made."""
        to_fetch = {order_id for order_id, stop in rider.stops if stop.due_seconds is None}
        in_hand = sorted({order_id for order_id, _ in rider.stops if order_id not in self.delivered})
        return Tour(
            errands=[self._errand(order_id, now, is_fetched=order_id not in to_fetch) for order_id in in_hand],
            courier=rider.position,
            usual_kmh=self._usual_kmh,
            handover_seconds=self.handover_reckoned_seconds,
            now=_moment(now),
        )

    def _errand(self, order_id: UUID, now: float, *, is_fetched: bool) -> Errand:
        order = self.orders[order_id]
        return Errand(
            order_id=order_id,
            store=order.pickup,
            door=order.dropoff,
            ready_at=None if order.ready_seconds <= now else _moment(self.expected_ready[order_id]),
            picked_up_at=_moment(now) if is_fetched else None,
        )

    @property
    def _usual_kmh(self) -> float:
        return self.city.parameters.metres_per_minute * 0.06 * eta.DETOUR_FACTOR

    def _ask(
        self,
        order_id: UUID,
        status: OrderStatus,
        now: float,
        *,
        courier: Position | None = None,
        reached: Reached | None = None,
    ) -> None:
        order = self.orders[order_id]
        journey = Journey(
            status=status,
            store=order.pickup,
            door=order.dropoff,
            usual_kmh=self._usual_kmh,
            courier=courier,
            is_ready=order.ready_seconds <= now,
            preparation_left_seconds=self.expected_ready[order_id] - now,
            handover_seconds=self.handover_reckoned_seconds,
            reached=reached,
        )
        left, window = eta_seconds(journey), arrival_window(journey, now=_moment(now))
        assert left is not None
        assert window is not None
        since_midnight = ((moment - MIDNIGHT).total_seconds() for moment in (window.start, window.end))
        start, end = since_midnight
        self.guesses[order_id].append(Guess(now, status, now + left, (start, end)))

    def handed_over(self) -> Mapping[UUID, float]:
        return {order_id: at + self.rules.handover_seconds for order_id, at in self.delivered.items()}


def watched(city: City, *, handover_reckoned_seconds: float) -> WatchedDay:
    parameters = city.parameters
    handover_seconds = 60 * mean((parameters.pickup_minutes, parameters.dropoff_minutes))
    day = WatchedDay(
        city=city,
        engine=together.match,
        rules=Rules(detour_factor=1.0, handover_seconds=handover_seconds),
        capacity=2,
        target_seconds=40 * 60,
        decline_share=0.0,
        dice=Random(1),
        expected_ready=expected_ready(city),
        handover_reckoned_seconds=handover_reckoned_seconds,
    )
    day.play(every_seconds=EVERY_SECONDS)
    return day


def expected_ready(city: City) -> Mapping[UUID, float]:
    """When each kitchen would be expected to be done by who knows its other orders, but not this one."""
    by_store: defaultdict[str, list[CityOrder]] = defaultdict(list)
    for order in city.orders:
        by_store[order.restaurant].append(order)
    return {
        order_key(order): order.placed_minute * 60 + _usual_preparation(order, by_store[order.restaurant])
        for order in city.orders
    }


def _moment(of_the_day: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=of_the_day)


def _usual_preparation(order: CityOrder, of_store: Sequence[CityOrder]) -> float:
    others = [other.preparation_minutes * 60.0 for other in of_store if other is not order]
    return median(others) if len(others) >= ENOUGH_ORDERS else USUAL_PREPARATION_SECONDS


@dataclass(frozen=True, slots=True)
class Error:
    """`late` is how much later than said the order was handed over; negative is earlier."""

    late: float
    is_in_window: bool


def errors(day: WatchedDay) -> Mapping[str, Sequence[Error]]:
    """By the moment at which it was asked for."""
    found: defaultdict[str, list[Error]] = defaultdict(list)
    for order_id, handed_over in day.handed_over().items():
        for moment, guess in _first_guesses(day.guesses[order_id], handed_over=handed_over):
            start, end = guess.window
            found[moment].append(Error(handed_over - guess.arrives_at, start <= handed_over <= end))
        found[PROMISE].append(Error(handed_over - day.placed[order_id] - PROMISED_SECONDS, is_in_window=False))
    return found


def _first_guesses(guesses: Sequence[Guess], *, handed_over: float) -> Iterator[tuple[str, Guess]]:
    for moment, status in zip(MOMENTS, (None, OrderStatus.ASSIGNED, OrderStatus.PICKED_UP), strict=False):
        if first := next((one for one in guesses if status in (None, one.status)), None):
            yield moment, first
    carried = [one for one in guesses if one.status == OrderStatus.PICKED_UP]
    if carried:
        half_way = (carried[0].at + handed_over) / 2
        yield MOMENTS[-1], min(carried, key=lambda one: abs(one.at - half_way))
