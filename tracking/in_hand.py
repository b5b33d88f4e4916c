"""What couriers have in hand, and their tours through it. Where the others' doors are stays here: only times go out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from api.prepared import Prepared
from catalog.geography import Position
from couriers.models import Assignment, Courier
from couriers.states import STALE_AFTER_SECONDS
from couriers.vehicles import Pace, pace_of
from orders.models import Order
from orders.states import WITH_COURIER
from tracking.eta import Reached, ride_seconds
from tracking.roads.known import routes_of
from tracking.roads.route import Route
from tracking.tour import Errand, Tour

LONGEST_DETOUR: Final = 3.0
"""A way around a river to the house across it says nothing of other ways."""

_FIELDS: Final = (
    "courier_id", "order_id", "picked_up_at",
    "courier__vehicle", "courier__top_speed_kmh",
    "courier__latitude", "courier__longitude", "courier__position_recorded_at",
    "order__dropoff_latitude", "order__dropoff_longitude", "order__estimated_ready_at", "order__ready_at",
    "order__store__latitude", "order__store__longitude",
)  # fmt: skip
_of_assignment: Final = attrgetter(*(name.replace("__", ".") for name in _FIELDS))


class InHand(NamedTuple):
    """An order and its courier, and nothing of them that tours do not need: a customer's page must not hold the other
    customers' names and PINs."""

    courier_id: UUID
    order_id: UUID
    picked_up_at: datetime | None
    vehicle: str
    top_speed_kmh: int | None
    courier_latitude: float | None
    courier_longitude: float | None
    courier_seen_at: datetime | None
    dropoff_latitude: float | None
    dropoff_longitude: float | None
    estimated_ready_at: datetime | None
    ready_at: datetime | None
    store_latitude: float
    store_longitude: float

    @property
    def pace(self) -> Pace:
        return pace_of(self.vehicle, top_speed_kmh=self.top_speed_kmh)

    @property
    def errand(self) -> Errand:
        store = Position(self.store_latitude, self.store_longitude)
        return Errand(
            order_id=self.order_id,
            store=store,
            door=_place(self.dropoff_latitude, self.dropoff_longitude) or store,
            ready_at=None if self.ready_at else self.estimated_ready_at,
            picked_up_at=self.picked_up_at,
        )

    def courier_at(self, now: datetime) -> Position | None:
        place = _place(self.courier_latitude, self.courier_longitude)
        return place and if_recent(place, self.courier_seen_at, now=now)


@dataclass(frozen=True, kw_only=True)
class Tours:
    """By courier, of those who have several orders: where there is one there is nothing on the way. `routes` are by
    order, as far as they are known."""

    by_courier: Mapping[UUID, Tour]
    routes: Mapping[UUID, Route]


def tours_of(courier_ids: Collection[UUID], *, now: datetime) -> Tours:
    """One query for what they have in hand, and one for the ways along the roads where there is an engine."""
    if len(courier_ids) == 1:
        (courier_id,) = courier_ids
        rows: Iterable[tuple[Any, ...]] = _in_hand_of(courier_id)
    else:
        rows = _gone_on_with().filter(courier_id__in=courier_ids).values_list(*_FIELDS)
    return _tours([InHand(*row) for row in rows], now=now)


def tours_through(assignments: Iterable[Assignment], *, now: datetime) -> Tours:
    """Through what couriers go on with, with order, store and courier; in the order in which they were taken on."""
    return _tours([InHand(*_of_assignment(assignment)) for assignment in assignments], now=now)


def reached_by(courier_id: UUID, *, now: datetime) -> Mapping[UUID, Reached | None]:
    """When they come to each order they have in hand; None where there is nothing on the way. Couriers say every few
    seconds where they are: this is asked each time."""
    in_hand = [InHand(*row) for row in _in_hand_of(courier_id)]
    if len(in_hand) > 1:
        return _tours(in_hand, now=now).by_courier[courier_id].reached
    return dict.fromkeys(one.order_id for one in in_hand)


def in_the_same_hands(*, order_ids: Collection[UUID], courier_ids: Collection[UUID] = ()) -> frozenset[UUID]:
    """All orders of these couriers, and of whoever has one of these orders in hand. One query."""
    active = Assignment.objects.active().order_by()
    holders = active.filter(order_id__in=order_ids).values("courier_id")
    theirs = active.filter(Q(courier_id__in=holders) | Q(courier_id__in=courier_ids))
    return frozenset(theirs.values_list("order_id", flat=True))


def store_of(order: Order) -> Position:
    store = order.store
    return Position(store.latitude, store.longitude)


def door_of(order: Order) -> Position:
    """The store, where there is no other."""
    return _place(order.dropoff_latitude, order.dropoff_longitude) or store_of(order)


def known_position(courier: Courier | None, *, now: datetime) -> Position | None:
    place = _place(courier.latitude, courier.longitude) if courier else None
    return if_recent(place, courier.position_recorded_at, now=now) if courier and place else None


def if_recent(position: Position, recorded_at: datetime | None, *, now: datetime) -> Position | None:
    is_stale = recorded_at is not None and (now - recorded_at).total_seconds() > STALE_AFTER_SECONDS
    return None if is_stale else position


def _gone_on_with() -> QuerySet[Assignment]:
    """Nobody goes on with a cancelled order, though its courier is let go of it a moment later."""
    return Assignment.objects.active().filter(order__status__in=WITH_COURIER).order_by("accepted_at", "pk")


_in_hand_of: Final = Prepared(lambda key: _gone_on_with().filter(courier_id=key).values_list(*_FIELDS))


def _tours(in_hand: Sequence[InHand], *, now: datetime) -> Tours:
    routes, by_courier = routes_of(in_hand), defaultdict[UUID, list[InHand]](list)
    for one in in_hand:
        by_courier[one.courier_id].append(one)
    several = {key: theirs for key, theirs in by_courier.items() if len(theirs) > 1}
    return Tours(
        by_courier={key: _tour(theirs, now=now, routes=routes) for key, theirs in several.items()}, routes=routes
    )


def _tour(in_hand: Sequence[InHand], *, now: datetime, routes: Mapping[UUID, Route]) -> Tour:
    courier, errands = in_hand[0], [one.errand for one in in_hand]
    usual_kmh = courier.pace.usual_kmh
    return Tour(
        errands=errands,
        courier=courier.courier_at(now),
        usual_kmh=usual_kmh,
        handover_seconds=settings.HANDOVER_SECONDS,
        now=now,
        road_factor=_road_factor(errands, routes=routes, usual_kmh=usual_kmh) if routes else 1.0,
    )


def _road_factor(errands: Iterable[Errand], *, routes: Mapping[UUID, Route], usual_kmh: float) -> float:
    """Only the ways from stores to their doors are known: what they are longer by is taken to be so everywhere here."""
    known = [(one, routes[one.order_id]) for one in errands if one.order_id in routes]
    straight = sum(ride_seconds(one.store, one.door, usual_kmh=usual_kmh) for one, _ in known)
    by_road = sum(route.seconds for _, route in known)
    return min(LONGEST_DETOUR, max(1 / LONGEST_DETOUR, by_road / straight)) if straight else 1.0


def _place(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)
