"""Reading the board, whole or in part, in a fixed number of queries however many rows there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts.roles import Role
from catalog.models import Membership, Store
from couriers.models import Assignment, Courier
from couriers.states import ACTIVE, AssignmentStatus
from events.models import SequenceCounter
from orders.models import Order, OrderLine
from orders.states import ACTIVE as OPEN
from orders.states import WITH_COURIER, OrderStatus
from tracking.board.failures import failures_of
from tracking.board.rows import Board, CarriedOrder, CourierRow, FailedDelivery, OrderRow, StoreRow
from tracking.board.urgency import Pressure, urgency
from tracking.eta import eta_seconds
from tracking.in_hand import Tours, tours_through
from tracking.selectors import journey_of

_ORDER_FIELDS: Final = (
    "number", "status", "version", "store_id", "created_at", "estimated_ready_at", "ready_at", "status_changed_at",
    "dropoff_latitude", "dropoff_longitude", "total", "currency", "payment_method",
)  # fmt: skip
_COURIER_FIELDS: Final = (
    "name", "vehicle", "top_speed_kmh", "status", "capacity", "active_orders", "latitude", "longitude",
    "position_recorded_at",
)  # fmt: skip
_ASSIGNMENT_FIELDS: Final = (
    "status", "picked_up_at", "courier_id", "order_id", "order__store_id", "order__status", "order__dropoff_latitude",
    "order__dropoff_longitude", "order__estimated_ready_at", "order__ready_at",
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """A part of the board. What was asked for and is not in it is not on the board any more."""

    orders: Mapping[UUID, OrderRow]
    couriers: Mapping[UUID, CourierRow]


def read_board() -> Board:
    """Everything, for those who may see everything.

    The sequence is read first: who goes on from it may be told something twice, but misses nothing.
    """
    now, sequence = timezone.now(), last_sequence()
    orders = list(_open_orders())
    assignments = list(_assignments())
    couriers = {courier.pk: courier for courier in _couriers()}
    memberships = Membership.objects.filter(user__role=Role.COURIER)
    wanted = Q(is_active=True) | Q(pk__in={order.store_id for order in orders})
    stores = {store.pk: store for store in Store.objects.filter(wanted)}
    rows = _rows(orders, assignments, couriers, memberships=memberships, stores=stores, now=now)
    return Board(
        generated_at=now,
        sequence=sequence,
        orders=rows.orders,
        couriers=rows.couriers,
        stores={store.pk: _store_row(store) for store in stores.values()},
    )


def read_rows(*, order_ids: Collection[UUID], courier_ids: Collection[UUID]) -> Rows:
    """These orders and couriers, and whoever has these orders in hand."""
    now = timezone.now()
    orders = list(_open_orders().filter(pk__in=order_ids))
    concerned = {*courier_ids, *(order.courier_id for order in orders if order.courier_id)}
    assignments = list(_assignments().filter(Q(order__in=order_ids) | Q(courier__in=concerned)))
    couriers = {courier.pk: courier for courier in _couriers().filter(pk__in=concerned)}
    memberships = Membership.objects.filter(user__in=concerned)
    store_ids = {order.store_id for order in orders} | {one.order.store_id for one in assignments}
    stores = {store.pk: store for store in Store.objects.filter(pk__in=store_ids)}
    return _rows(orders, assignments, couriers, memberships=memberships, stores=stores, now=now)


def last_sequence() -> int:
    return SequenceCounter.objects.values_list("last", flat=True).first() or 0


def _open_orders() -> QuerySet[Order]:
    return Order.objects.filter(status__in=OPEN).only(*_ORDER_FIELDS, "courier_id").order_by("pk")


def _couriers() -> QuerySet[Courier]:
    """Whoever may be given something, and whoever has something."""
    able = Q(is_active=True, user__is_active=True, user__role=Role.COURIER)
    return Courier.objects.filter(able | Q(active_orders__gt=0)).only(*_COURIER_FIELDS).order_by("name", "pk")


def _assignments() -> QuerySet[Assignment]:
    under_way = Assignment.objects.filter(status__in=(AssignmentStatus.OFFERED, *ACTIVE))
    return under_way.select_related("order").only(*_ASSIGNMENT_FIELDS).order_by("accepted_at", "pk")


def _rows(
    orders: Sequence[Order],
    assignments: Sequence[Assignment],
    couriers: Mapping[UUID, Courier],
    *,
    memberships: QuerySet[Membership],
    stores: Mapping[UUID, Store],
    now: datetime,
) -> Rows:
    items, hands = _items(orders), _Hands.of(assignments, couriers=couriers, stores=stores, now=now)
    rides_for, failures = _by_user(memberships), failures_of(orders)
    return Rows(
        orders={
            order.pk: _order_row(
                order,
                store=stores[order.store_id],
                items=items.get(order.pk, 0),
                hands=hands,
                failure=failures.get(order.pk),
                now=now,
            )
            for order in orders
        },
        couriers={
            courier.pk: _courier_row(courier, carried=hands.carried[courier.pk], stores=rides_for[courier.pk])
            for courier in couriers.values()
        },
    )


@dataclass(frozen=True)
class _Hands:
    """Who has which order, and who is asked; and the tours of those who have some."""

    active: Mapping[UUID, Assignment]
    offered: Mapping[UUID, Sequence[UUID]]
    carried: Mapping[UUID, Sequence[CarriedOrder]]
    tours: Tours

    @classmethod
    def of(
        cls,
        assignments: Iterable[Assignment],
        *,
        couriers: Mapping[UUID, Courier],
        stores: Mapping[UUID, Store],
        now: datetime,
    ) -> Self:
        active: dict[UUID, Assignment] = {}
        offered: defaultdict[UUID, list[UUID]] = defaultdict(list)
        carried: defaultdict[UUID, list[CarriedOrder]] = defaultdict(list)
        for assignment in assignments:
            if assignment.status == AssignmentStatus.OFFERED:
                offered[assignment.order_id].append(assignment.courier_id)
                continue
            active[assignment.order_id] = assignment
            order = CarriedOrder(id=assignment.order_id, store_id=assignment.order.store_id)
            carried[assignment.courier_id].append(order)
            if assignment.courier_id in couriers:
                assignment.courier = couriers[assignment.courier_id]
        in_hand = [one for one in active.values() if one.courier_id in couriers and one.order.store_id in stores]
        return cls(active, offered, carried, _tours(in_hand, stores=stores, now=now))


def _tours(in_hand: Iterable[Assignment], *, stores: Mapping[UUID, Store], now: datetime) -> Tours:
    """Stores and couriers are not asked for again."""
    gone_on_with = [one for one in in_hand if one.order.status in WITH_COURIER]
    for assignment in gone_on_with:
        assignment.order.store = stores[assignment.order.store_id]
    return tours_through(gone_on_with, now=now)


def _items(orders: Sequence[Order]) -> Mapping[UUID, int]:
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders]).order_by()
    return dict(lines.values_list("order").annotate(Sum("quantity")))


def _by_user(memberships: QuerySet[Membership]) -> Mapping[UUID, list[UUID]]:
    stores: dict[UUID, list[UUID]] = defaultdict(list)
    for user_id, store_id in memberships.order_by("store_id").values_list("user_id", "store_id"):
        stores[user_id].append(store_id)
    return stores


def _order_row(
    order: Order, *, store: Store, items: int, hands: _Hands, failure: FailedDelivery | None, now: datetime
) -> OrderRow:
    order.store = store
    assignment = hands.active.get(order.pk)
    door_seconds = eta_seconds(journey_of(order, assignment, now=now, tours=hands.tours))
    return OrderRow(
        id=order.pk,
        number=order.number,
        status=OrderStatus(order.status),
        version=order.version,
        store_id=order.store_id,
        placed_at=order.created_at,
        ready_at=order.estimated_ready_at,
        is_ready=order.ready_at is not None,
        eta=None if door_seconds is None else now + timedelta(seconds=door_seconds),
        due_at=order.due_at,
        door=_point(order.dropoff_latitude, order.dropoff_longitude),
        items=items,
        total=order.total,
        currency=order.currency,
        payment_method=order.payment_method,
        courier_id=assignment.courier_id if assignment else None,
        assignment_id=assignment.pk if assignment else None,
        offered_to=tuple(hands.offered.get(order.pk, ())),
        failure=failure,
        urgency=urgency(_pressure(order, door_seconds=door_seconds, now=now)),
    )


def _pressure(order: Order, *, door_seconds: int | None, now: datetime) -> Pressure:
    is_waiting = order.status == OrderStatus.CONFIRMED
    return Pressure(
        due_seconds=(order.due_at - now).total_seconds(),
        door_seconds=door_seconds,
        waiting_seconds=(now - order.status_changed_at).total_seconds() if is_waiting else None,
        is_ready=order.ready_at is not None,
    )


def _courier_row(courier: Courier, *, carried: Sequence[CarriedOrder], stores: Sequence[UUID]) -> CourierRow:
    return CourierRow(
        id=courier.pk,
        name=courier.name,
        vehicle=courier.vehicle,
        status=courier.availability,
        position=_point(courier.latitude, courier.longitude),
        recorded_at=courier.position_recorded_at,
        capacity=courier.capacity,
        carried=tuple(carried),
        store_ids=tuple(stores),
    )


def _store_row(store: Store) -> StoreRow:
    return StoreRow(id=store.pk, name=store.name, position=(store.latitude, store.longitude))


def _point(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else (latitude, longitude)
