"""Where an order is: what the API and the public page show, read once and put together."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from couriers.models import Assignment, Courier
from couriers.moving import Move
from couriers.vehicles import PACES, Vehicle
from events.models import Event
from orders.errors import OrderNotFound
from orders.models import Order
from orders.selectors import order_for, with_content
from orders.states import FINAL, WITH_COURIER, OrderStatus
from tracking import eta
from tracking.arrival import Window, arrival_window
from tracking.errors import OrderNotDispatched
from tracking.eta import Journey, Reached
from tracking.in_hand import Tours, door_of, if_recent, known_position, store_of, tours_of

# What was known last when the order was handed over is shown until the courier says more.
AT_THE_STORE: Final = timedelta(minutes=1)

_DISPATCHED = frozenset({OrderStatus.ASSIGNED, OrderStatus.PICKED_UP, OrderStatus.DELIVERED, OrderStatus.FAILED})


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An order with whoever has it in hand, or had it last, as of `now`.

    `sequence` is that of the last event of the order that is contained in this picture. `is_for_customer` says that it
    is shown to whom the order is brought, or to whoever has got their link: those learn where the courier is only
    while they carry this order.
    """

    order: Order
    assignment: Assignment | None
    sequence: int
    now: datetime
    journey: Journey
    is_for_customer: bool

    @property
    def progress(self) -> int:
        return eta.progress(self.journey)

    @property
    def eta_seconds(self) -> int | None:
        return eta.eta_seconds(self.journey)

    @property
    def eta(self) -> datetime | None:
        return None if self.eta_seconds is None else self.now + timedelta(seconds=self.eta_seconds)

    @property
    def arrival(self) -> Window | None:
        return arrival_window(self.journey, now=self.now)

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
        if courier is None or courier.position_recorded_at is None:
            return None
        return courier if self.shows_position_of(courier.position_recorded_at) else None

    def shows_position_of(self, moment: datetime) -> bool:
        """Whether the reader may know where the courier was then.

        Customers not where somebody was before they came for this order: that may be another customer's door.
        """
        if not self.is_for_customer:
            return self.order.status in WITH_COURIER
        picked_up_at = self.assignment.picked_up_at if self.assignment else None
        if picked_up_at is None or self.order.status != OrderStatus.PICKED_UP:
            return False
        return picked_up_at - AT_THE_STORE <= moment

    def after_move(self, move: Move, *, reached: Reached | None) -> "Delivery":
        """The same with the courier further on, without asking the database. `reached`: as in a journey."""
        picked_up_at = self.assignment.picked_up_at if self.assignment else None
        now = timezone.now()
        journey = replace(
            self.journey,
            courier=if_recent(move.position, move.recorded_at, now=now),
            preparation_left_seconds=_seconds(now, self.order.estimated_ready_at),
            since_pickup_seconds=_seconds(picked_up_at, now),
            reached=reached,
        )
        return replace(self, journey=journey, now=now)


def delivery_for(user: User, order_id: UUID) -> Delivery:
    """Raises OrderNotFound, OrderNotDispatched.

    The sequence is read before the order: who goes on from it may be told something twice, but misses nothing.
    """
    sequence = _last_sequence(order_id)
    order = order_for(user, order_id)
    if not _was_dispatched(order):
        raise OrderNotDispatched
    return _delivery(order, sequence=sequence, is_for_customer=user.role == Role.CUSTOMER)


def delivery_by_token(token: str) -> Delivery:
    """For whoever has the link, until it is replaced or has run out. Raises OrderNotFound."""
    order_id = order_id_by_token(token)
    sequence = _last_sequence(order_id)
    return _delivery(with_content(Order.objects.all()).get(id=order_id), sequence=sequence, is_for_customer=True)


def order_id_by_token(token: str) -> UUID:
    """Raises OrderNotFound."""
    orders = Order.objects.shown_by_link_at(timezone.now()).filter(tracking_token=token)
    order_id = orders.values_list("id", flat=True).first()
    if order_id is None:
        raise OrderNotFound
    return order_id


def _was_dispatched(order: Order) -> bool:
    """A cancelled order keeps naming the courier it was taken from."""
    return order.status in _DISPATCHED or (order.status == OrderStatus.CANCELLED and order.courier_id is not None)


def _last_sequence(order_id: UUID) -> int:
    """0 before the first event of the order has got its place."""
    events = Event.objects.filter(subject_type="order", subject_id=order_id, sequence__isnull=False)
    return events.order_by("-position").values_list("sequence", flat=True).first() or 0


def _delivery(order: Order, *, sequence: int, is_for_customer: bool) -> Delivery:
    now = timezone.now()
    assignment = _assignment_of(order)
    under_way = [order.courier_id] if order.courier_id and order.status in WITH_COURIER else []
    tours = tours_of(under_way, now=now)
    return Delivery(
        order=order,
        assignment=assignment,
        sequence=sequence,
        now=now,
        journey=journey_of(order, assignment, now=now, tours=tours),
        is_for_customer=is_for_customer,
    )


def _assignment_of(order: Order) -> Assignment | None:
    if order.courier_id is None:
        return None
    assignments = Assignment.objects.filter(order=order, courier_id=order.courier_id)
    return assignments.select_related("courier").order_by("-pk").first()


def journey_of(order: Order, assignment: Assignment | None, *, now: datetime, tours: Tours) -> Journey:
    """`tours` are those of whoever has it in hand. Before anybody has it, a bicycle is what comes."""
    courier = assignment.courier if assignment else None
    tour = tours.by_courier.get(courier.pk) if courier else None
    picked_up_at = assignment.picked_up_at if assignment else None
    return Journey(
        status=OrderStatus(order.status),
        store=store_of(order),
        door=door_of(order),
        usual_kmh=courier.pace.usual_kmh if courier else PACES[Vehicle.BICYCLE].usual_kmh,
        courier=known_position(courier, now=now),
        is_ready=order.ready_at is not None,
        preparation_left_seconds=_seconds(now, order.estimated_ready_at),
        since_pickup_seconds=_seconds(picked_up_at, now),
        handover_seconds=settings.HANDOVER_SECONDS,
        reached=tour.reached.get(order.pk) if tour else None,
        route=tours.routes.get(order.pk),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return 0.0 if start is None or end is None else (end - start).total_seconds()
