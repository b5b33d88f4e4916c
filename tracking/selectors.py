"""Where an order is: what the API and the public page show, read once and put together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from catalog.geography import Position
from couriers.models import Assignment, Courier
from couriers.vehicles import PACES, Vehicle
from events.models import Event
from orders.errors import OrderNotFound
from orders.models import Order
from orders.selectors import order_for, with_content
from orders.states import FINAL, WITH_COURIER, OrderStatus
from tracking import eta
from tracking.errors import OrderNotDispatched

_DISPATCHED = frozenset({OrderStatus.ASSIGNED, OrderStatus.PICKED_UP, OrderStatus.DELIVERED, OrderStatus.FAILED})


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An order with whoever has it in hand, or had it last, as of `now`.

    `sequence` is that of the last event of the order that is contained in this picture.
    """

    order: Order
    assignment: Assignment | None
    sequence: int
    now: datetime
    progress: int
    eta_seconds: int | None

    @property
    def eta(self) -> datetime | None:
        return None if self.eta_seconds is None else self.now + timedelta(seconds=self.eta_seconds)

    @property
    def is_over(self) -> bool:
        return self.order.status in FINAL

    @property
    def courier(self) -> Courier | None:
        """Who brings or has brought it; nobody where that came to nothing."""
        is_theirs = self.order.status in {*WITH_COURIER, OrderStatus.DELIVERED}
        return self.assignment.courier if self.assignment and is_theirs else None

    @property
    def shown_position_of(self) -> Courier | None:
        """Where a courier is concerns others only while they have the order, and only once they have said so."""
        courier = self.courier
        is_under_way = self.order.status in WITH_COURIER
        return courier if courier and is_under_way and courier.has_position else None


def delivery_for(user: User, order_id: UUID) -> Delivery:
    """Raises OrderNotFound, OrderNotDispatched.

    The sequence is read before the order: who goes on from it may be told something twice, but misses nothing.
    """
    sequence = _last_sequence(order_id)
    order = order_for(user, order_id)
    if not _was_dispatched(order):
        raise OrderNotDispatched
    return _delivery(order, sequence=sequence)


def delivery_by_token(token: str) -> Delivery:
    """For whoever has the link, until the order's personal data are removed. Raises OrderNotFound."""
    orders = Order.objects.filter(tracking_token=token, anonymised_at=None)
    order_id = orders.values_list("id", flat=True).first()
    if order_id is None:
        raise OrderNotFound
    sequence = _last_sequence(order_id)
    return _delivery(with_content(Order.objects.all()).get(id=order_id), sequence=sequence)


def _was_dispatched(order: Order) -> bool:
    """A cancelled order keeps naming the courier it was taken from."""
    return order.status in _DISPATCHED or (order.status == OrderStatus.CANCELLED and order.courier_id is not None)


def _last_sequence(order_id: UUID) -> int:
    """0 before the first event of the order has got its place."""
    events = Event.objects.filter(subject_type="order", subject_id=order_id, sequence__isnull=False)
    return events.order_by("-position").values_list("sequence", flat=True).first() or 0


def _delivery(order: Order, *, sequence: int) -> Delivery:
    now = timezone.now()
    assignment = _assignment_of(order)
    journey = _journey(order, assignment, now=now)
    return Delivery(
        order=order,
        assignment=assignment,
        sequence=sequence,
        now=now,
        progress=eta.progress(journey),
        eta_seconds=eta.eta_seconds(journey),
    )


def _assignment_of(order: Order) -> Assignment | None:
    if order.courier_id is None:
        return None
    assignments = Assignment.objects.filter(order=order, courier_id=order.courier_id)
    return assignments.select_related("courier").order_by("-pk").first()


def _journey(order: Order, assignment: Assignment | None, *, now: datetime) -> eta.Journey:
    """Before anybody has it, a bicycle is what comes."""
    courier = assignment.courier if assignment else None
    store = Position(order.store.latitude, order.store.longitude)
    picked_up_at = assignment.picked_up_at if assignment else None
    return eta.Journey(
        status=OrderStatus(order.status),
        store=store,
        door=_door(order) or store,
        usual_kmh=courier.pace.usual_kmh if courier else PACES[Vehicle.BICYCLE].usual_kmh,
        courier=_known_position(courier, now=now),
        is_ready=order.ready_at is not None,
        preparation_left_seconds=_seconds(now, order.estimated_ready_at),
        since_pickup_seconds=_seconds(picked_up_at, now),
    )


def _door(order: Order) -> Position | None:
    if order.dropoff_latitude is None or order.dropoff_longitude is None:
        return None
    return Position(order.dropoff_latitude, order.dropoff_longitude)


def _known_position(courier: Courier | None, *, now: datetime) -> Position | None:
    if courier is None or courier.latitude is None or courier.longitude is None:
        return None
    if _seconds(courier.position_recorded_at, now) > eta.STALE_AFTER_SECONDS:
        return None
    return Position(courier.latitude, courier.longitude)


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return 0.0 if start is None or end is None else (end - start).total_seconds()
