"""When an order will be at the door, and how far it has come. Pure functions of what is known now.

The formula, in seconds:

    before pickup   max(preparation left, ride to the store) + handover + ride to the door + handover
    after it        ride to the door, from where the courier is + handover

A ride is the straight line times a detour factor at the usual speed of the vehicle; that from the store to the door is
by the roads where a routing engine has said which way it goes (`tracking.roads`). Where the courier's position is
unknown or stale, the ride to the store counts as `USUAL_APPROACH_SECONDS`, and after pickup they are taken to have
ridden towards the door ever since. Of a courier who has other orders in hand too, `tracking.tour` says when they are
where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from catalog.geography import Position, distance_m
from orders.states import OrderStatus
from tracking.roads.line import Along, along
from tracking.roads.route import Route

# Roads are longer than straight lines; 1.3 is about what R. H. Ballou et al. measured in Europe
# (Selected country circuity factors for road travel distance estimation, Transportation Research A 36, 2002).
DETOUR_FACTOR: Final = 1.3
USUAL_APPROACH_SECONDS: Final = 300

_BEFORE_PICKUP: Final = frozenset({OrderStatus.CONFIRMED, OrderStatus.ASSIGNED})
_REACHED: Final[Mapping[OrderStatus, int]] = {
    OrderStatus.CREATED: 0,
    OrderStatus.PAID: 10,
    OrderStatus.CONFIRMED: 20,
    OrderStatus.ASSIGNED: 40,
    OrderStatus.PICKED_UP: 60,
    OrderStatus.FAILED: 60,
    OrderStatus.DELIVERED: 100,
    OrderStatus.CANCELLED: 0,
}
_FOR_BEING_READY: Final = 10
_FOR_THE_RIDE: Final = 35


@dataclass(frozen=True)
class Reached:
    """In how many seconds a courier is at the store of an order, and its kitchen done, and in how many at its door."""

    store: float
    door: float


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What is known of an order's way to its door. `courier` is where they are, if that is known well enough;
    `handover_seconds` is how long they stand at a counter or a door; `reached` is known where they have more in hand
    than this order; `route` is the way from the store to the door at their pace, where an engine has said it."""

    status: OrderStatus
    store: Position
    door: Position
    usual_kmh: float
    courier: Position | None = None
    is_ready: bool = False
    preparation_left_seconds: float = 0.0
    since_pickup_seconds: float = 0.0
    handover_seconds: float = 240.0
    reached: Reached | None = None
    route: Route | None = None

    @cached_property
    def along_route(self) -> Along | None:
        """Where the courier is by it; reckoned once for all that is asked of a journey."""
        return along(self.route.points, self.courier) if self.route and self.courier else None


def eta_seconds(journey: Journey) -> int | None:
    """How long until the order is at its door; None where it is not on its way there."""
    stages = stages_left_seconds(journey)
    return round(sum(stages)) if stages else None


def stages_left_seconds(journey: Journey) -> tuple[float, ...]:
    """What is still to come, one after the other; nothing where the order is not on its way."""
    if journey.status in _BEFORE_PICKUP:
        return (_until_fetched(journey), journey.handover_seconds, _bringing(journey), journey.handover_seconds)
    if journey.status == OrderStatus.PICKED_UP:
        return (journey.reached.door if journey.reached else _ride_left(journey), journey.handover_seconds)
    return ()


def progress(journey: Journey) -> int:
    """Between 0 and 100: what the state is worth, and on the ride the part of the way that is behind the courier."""
    reached = _REACHED[journey.status]
    if journey.status in _BEFORE_PICKUP and journey.is_ready:
        return reached + _FOR_BEING_READY
    if journey.status == OrderStatus.PICKED_UP:
        return reached + round(_FOR_THE_RIDE * _share_behind(journey))
    return reached


def ride_seconds(start: Position, goal: Position, *, usual_kmh: float) -> float:
    return _over(distance_m(start, goal), usual_kmh=usual_kmh)


def _over(straight_m: float, *, usual_kmh: float) -> float:
    return straight_m * DETOUR_FACTOR / (usual_kmh / 3.6)


def _until_fetched(journey: Journey) -> float:
    return journey.reached.store if journey.reached else max(_preparation_left(journey), _approach(journey))


def _bringing(journey: Journey) -> float:
    """From the store to the door, with what is done on the way."""
    if journey.reached is None:
        return _whole_ride(journey)
    return journey.reached.door - journey.reached.store - journey.handover_seconds


def _preparation_left(journey: Journey) -> float:
    return 0.0 if journey.is_ready else max(0.0, journey.preparation_left_seconds)


def _approach(journey: Journey) -> float:
    if journey.courier is None:
        return USUAL_APPROACH_SECONDS
    return ride_seconds(journey.courier, journey.store, usual_kmh=journey.usual_kmh)


def _whole_ride(journey: Journey) -> float:
    if journey.route is not None:
        return journey.route.seconds
    return ride_seconds(journey.store, journey.door, usual_kmh=journey.usual_kmh)


def _ride_left(journey: Journey) -> float:
    if journey.courier is None:
        return max(0.0, _whole_ride(journey) - journey.since_pickup_seconds)
    rest = journey.along_route
    if rest is None:
        return ride_seconds(journey.courier, journey.door, usual_kmh=journey.usual_kmh)
    return _over(rest.off_m, usual_kmh=journey.usual_kmh) + rest.share_ahead * _whole_ride(journey)


def _share_behind(journey: Journey) -> float:
    whole = _whole_ride(journey)
    return 1.0 if whole == 0 else min(1.0, max(0.0, 1 - _ride_left(journey) / whole))
