"""What couriers have in hand, and their tours through it. Where the others' doors are stays here: only times go out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from catalog.geography import Position
from couriers.models import Assignment, Courier
from couriers.states import STALE_AFTER_SECONDS
from orders.models import Order
from orders.states import WITH_COURIER
from tracking.eta import ride_seconds
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


@dataclass(frozen=True, kw_only=True)
class Tours:
    """By courier, of those who have several orders: where there is one there is nothing on the way. `routes` are by
    order, as far as they are known."""

    by_courier: Mapping[UUID, Tour]
    routes: Mapping[UUID, Route]


def tours_of(courier_ids: Collection[UUID], *, now: datetime) -> Tours:
    """One query for what they have in hand, and one for the ways along the roads where there is an engine."""
    return tours_through(list(_in_hands_of(courier_ids)), now=now)


def tours_through(in_hand: Sequence[Assignment], *, now: datetime) -> Tours:
    """Through what couriers go on with, with order, store and courier; in the order in which they were taken on."""
    routes, by_courier = routes_of(in_hand), defaultdict[UUID, list[Assignment]](list)
    for assignment in in_hand:
        by_courier[assignment.courier_id].append(assignment)
    several = {key: orders for key, orders in by_courier.items() if len(orders) > 1}
    return Tours(
        by_courier={key: _tour(orders, now=now, routes=routes) for key, orders in several.items()}, routes=routes
    )


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
    if order.dropoff_latitude is None or order.dropoff_longitude is None:
        return store_of(order)
    return Position(order.dropoff_latitude, order.dropoff_longitude)


def known_position(courier: Courier | None, *, now: datetime) -> Position | None:
    if courier is None or courier.latitude is None or courier.longitude is None:
        return None
    return if_recent(Position(courier.latitude, courier.longitude), courier.position_recorded_at, now=now)


def if_recent(position: Position, recorded_at: datetime | None, *, now: datetime) -> Position | None:
    is_stale = recorded_at is not None and (now - recorded_at).total_seconds() > STALE_AFTER_SECONDS
    return None if is_stale else position


def _in_hands_of(courier_ids: Collection[UUID]) -> QuerySet[Assignment]:
    """Nothing of them that tours do not need: a customer's page must not hold the other customers' names and PINs.
    Nobody goes on with a cancelled order, though its courier is let go of it a moment later."""
    active = Assignment.objects.active().filter(courier_id__in=courier_ids, order__status__in=WITH_COURIER)
    with_all = active.select_related("order__store", "courier").order_by("accepted_at", "pk")
    return with_all.only(*_FIELDS)


def _tour(in_hand: Sequence[Assignment], *, now: datetime, routes: Mapping[UUID, Route]) -> Tour:
    courier = in_hand[0].courier
    errands, usual_kmh = [_errand(assignment) for assignment in in_hand], courier.pace.usual_kmh
    return Tour(
        errands=errands,
        courier=known_position(courier, now=now),
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


def _errand(assignment: Assignment) -> Errand:
    order = assignment.order
    return Errand(
        order_id=order.pk,
        store=store_of(order),
        door=door_of(order),
        ready_at=None if order.ready_at else order.estimated_ready_at,
        picked_up_at=assignment.picked_up_at,
    )
