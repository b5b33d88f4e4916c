"""What a matching engine is told, read from the database in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from accounts.roles import Role
from catalog.geography import Position
from catalog.models import Membership
from couriers.matching.situation import KnownCourier, Rules, Situation, Stop, WaitingOrder
from couriers.models import Assignment, Courier
from couriers.states import AssignmentStatus, CourierStatus, OfferEnd
from orders.models import Order
from orders.states import OrderStatus

MOST_ORDERS: Final = 1_000


def orders_to_offer(now: datetime) -> QuerySet[Order]:
    """Those that wait for a courier, of stores that offer by themselves, and that nobody is asked about."""
    asked = Assignment.objects.open_at(now).values("order_id")
    waiting = Order.objects.filter(status=OrderStatus.CONFIRMED, store__offers_automatically=True)
    return waiting.exclude(pk__in=asked).order_by("status_changed_at", "id")[:MOST_ORDERS]


def survey(orders: Iterable[Order], *, now: datetime, rules: Rules) -> Situation:
    """These orders, as far as they have a door, and every courier there is."""
    to_carry = [order for order in orders if order.has_dropoff]
    return Situation(orders=_waiting(to_carry, now=now), couriers=_known(now), rules=rules)


def _waiting(orders: Sequence[Order], *, now: datetime) -> tuple[WaitingOrder, ...]:
    asked = _asked([order.pk for order in orders], now=now)
    return tuple(
        WaitingOrder(
            id=order.pk,
            store_id=order.store_id,
            pickup=_counter(order),
            dropoff=_door(order),
            ready_seconds=_ready_seconds(order, now=now),
            due_seconds=_due_seconds(order, now=now),
            asked=frozenset(asked[order.pk]),
        )
        for order in orders
    )


def _asked(order_ids: Sequence[UUID], *, now: datetime) -> Mapping[UUID, set[UUID]]:
    """Who would not have an order since it began to wait, or had it and lost it; who let an offer pass may be asked
    again after a while."""
    passed = Q(status=AssignmentStatus.EXPIRED, expiry_reason=OfferEnd.DEADLINE)
    recently = Q(ended_at__gt=now - timedelta(seconds=settings.OFFER_AGAIN_SECONDS))
    refused = Q(status__in=(AssignmentStatus.DECLINED, AssignmentStatus.RELEASED))
    found = Assignment.objects.filter(refused | (passed & recently), order_id__in=order_ids)
    since = found.filter(ended_at__gte=F("order__status_changed_at"))
    asked: dict[UUID, set[UUID]] = defaultdict(set)
    for order_id, courier_id in since.values_list("order_id", "courier_id"):
        asked[order_id].add(courier_id)
    return asked


def _known(now: datetime) -> tuple[KnownCourier, ...]:
    couriers = list(Courier.objects.filter(is_active=True, user__is_active=True, user__role=Role.COURIER).order_by())
    stores, stops, open_offers = _stores_of(couriers), _stops(now), _open_offers(now)
    return tuple(
        KnownCourier(
            id=courier.id,
            metres_per_second=courier.pace.usual_kmh / 3.6,
            capacity=courier.capacity,
            active_orders=courier.active_orders,
            open_offers=open_offers.get(courier.id, 0),
            is_online=courier.status == CourierStatus.AVAILABLE,
            stores=frozenset(stores[courier.id]) if courier.id in stores else None,
            position=_position(courier),
            position_age_seconds=_age_seconds(courier, now=now),
            stops=tuple(stops[courier.id]),
        )
        for courier in couriers
    )


def _stores_of(couriers: Iterable[Courier]) -> Mapping[UUID, set[UUID]]:
    """Nobody who rides for every store is in it."""
    stores: dict[UUID, set[UUID]] = defaultdict(set)
    ids = [courier.id for courier in couriers]
    for user_id, store_id in Membership.objects.filter(user_id__in=ids).values_list("user_id", "store_id"):
        stores[user_id].add(store_id)
    return stores


def _open_offers(now: datetime) -> Mapping[UUID, int]:
    counts = Assignment.objects.open_at(now).order_by().values("courier_id").annotate(count=Count("id"))
    return dict(counts.values_list("courier_id", "count"))


def _stops(now: datetime) -> Mapping[UUID, list[Stop]]:
    """What each courier has still to do, in the order in which they took it on."""
    stops: dict[UUID, list[Stop]] = defaultdict(list)
    active = Assignment.objects.active().select_related("order__store").order_by("accepted_at", "id")
    for assignment in active:
        order, courier_id = assignment.order, assignment.courier_id
        if assignment.status == AssignmentStatus.ACCEPTED:
            stops[courier_id].append(Stop(position=_counter(order), ready_seconds=_ready_seconds(order, now=now)))
        if order.has_dropoff:
            stops[courier_id].append(Stop(position=_door(order), due_seconds=_due_seconds(order, now=now)))
    return stops


def _ready_seconds(order: Order, *, now: datetime) -> float:
    """A kitchen that is late is expected to be done any moment."""
    if order.ready_at is not None:
        return (order.ready_at - now).total_seconds()
    if order.estimated_ready_at is None:
        return 0.0
    return max(0.0, (order.estimated_ready_at - now).total_seconds())


def _due_seconds(order: Order, *, now: datetime) -> float:
    return (order.due_at - now).total_seconds()


def _counter(order: Order) -> Position:
    return Position(order.store.latitude, order.store.longitude)


def _door(order: Order) -> Position:
    """The caller has seen that it has one."""
    return Position(order.dropoff_latitude or 0.0, order.dropoff_longitude or 0.0)


def _position(courier: Courier) -> Position | None:
    if courier.latitude is None or courier.longitude is None:
        return None
    return Position(courier.latitude, courier.longitude)


def _age_seconds(courier: Courier, *, now: datetime) -> float | None:
    if courier.position_recorded_at is None:
        return None
    return max(0.0, (now - courier.position_recorded_at).total_seconds())
