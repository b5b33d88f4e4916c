"""All that is known of one order, gathered for its page in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.roles import Role
from couriers.admin import assignment_badge
from couriers.decisions import Matching, matching_of
from couriers.models import Assignment, Courier
from events.admin import state_badge
from events.models import Event, EventDelivery
from operations.admin.order_money import Balance, balance_of
from operations.admin.order_way import Times, Way, times_of, way_of
from operations.admin.stuck.cases import age_of
from orders.admin import kitchen_badge, status_badge
from orders.models import Charge, Order, OrderLine, TimelineEntry
from orders.selectors import timeline_of
from payments.admin import payment_badge, refund_badge
from payments.models import Payment
from tracking.in_hand import tours_of

EVENT_ROWS: Final = 30
DECISION_ROWS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A row with the badge of its state, and the rows under it: refunds of a payment, deliveries of an event."""

    row: Any
    badge: SafeString | None = None
    under: Sequence["Shown"] = field(default=())


@dataclass(frozen=True, kw_only=True)
class TimelineLine:
    """`after` is how long after the one before it."""

    entry: TimelineEntry
    who: str
    after: str

    @property
    def what(self) -> str:
        return self.entry.what.replace("_", " ").capitalize()


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    badge: SafeString
    kitchen: SafeString | None
    lines: Sequence[OrderLine]
    charges: Sequence[Charge]
    timeline: Sequence[TimelineLine]
    payments: Sequence[Shown]
    assignments: Sequence[Shown]
    courier: Courier | None
    matching: Matching | None
    events: Sequence[Shown]
    balance: Balance
    way: Way | None
    times: Times | None


def order_page(order: Order, *, with_events: bool, with_matching: bool) -> OrderPage:
    assignments = list(order.assignments.select_related("courier").order_by("-id"))
    payments = _payments(order)
    tours = tours_of([assignment.courier_id for assignment in assignments if assignment.is_active], now=timezone.now())
    return OrderPage(
        badge=status_badge(order.status),
        kitchen=kitchen_badge(order),
        lines=list(order.lines.all()),
        charges=list(order.charges.all()),
        timeline=_timeline(order),
        payments=[_shown_payment(payment) for payment in payments],
        assignments=[Shown(row=assignment, badge=assignment_badge(assignment)) for assignment in assignments],
        courier=_courier(order, assignments),
        matching=matching_of(order, most=DECISION_ROWS) if with_matching else None,
        events=[_shown_event(event) for event in _events(order)] if with_events else (),
        balance=balance_of(order, payments),
        way=way_of(order, assignments, route=tours.routes.get(order.pk)),
        times=times_of(order, assignments, tours=tours),
    )


def _courier(order: Order, assignments: Sequence[Assignment]) -> Courier | None:
    return next((one.courier for one in assignments if one.courier_id == order.courier_id), None)


def _payments(order: Order) -> Sequence[Payment]:
    return list(order.payments.prefetch_related("refunds").order_by("-id"))


def _shown_payment(payment: Payment) -> Shown:
    refunds = [Shown(row=refund, badge=refund_badge(refund)) for refund in payment.refunds.all()]
    return Shown(row=payment, badge=payment_badge(payment), under=refunds)


def _events(order: Order) -> Sequence[Event]:
    deliveries = EventDelivery.objects.select_related("endpoint").order_by("id")
    events = _events_of(order).order_by("-position").prefetch_related(Prefetch("deliveries", deliveries))
    return list(events[:EVENT_ROWS])


def _events_of(order: Order) -> QuerySet[Event]:
    """Its own, and by its trace those of its payments, refunds and assignments. Several orders may share a trace."""
    own = Q(subject_type="order", subject_id=order.pk)
    if not order.correlation_id:
        return Event.objects.filter(own)
    return Event.objects.filter(own | Q(correlation_id=order.correlation_id, data__order_id=str(order.pk)))


def _shown_event(event: Event) -> Shown:
    return Shown(row=event, under=[Shown(row=one, badge=state_badge(one)) for one in event.deliveries.all()])


def _timeline(order: Order) -> Sequence[TimelineLine]:
    entries = list(timeline_of(order))
    names = _names_of({entry.actor_id for entry in entries if entry.actor_id})
    return [
        TimelineLine(
            entry=entry,
            who=_who(entry, names),
            after=_after(before, entry),
        )
        for entry, before in zip_longest(entries, entries[1:])
    ]


def _after(before: TimelineEntry | None, entry: TimelineEntry) -> str:
    if before is None or entry.created_at - before.created_at < timedelta(seconds=1):
        return ""
    return age_of(before.created_at, now=entry.created_at)


def _names_of(ids: set[UUID]) -> Mapping[UUID, str]:
    """Colleagues and couriers by name; who ordered is named by the order's contact alone."""
    people = User.objects.filter(pk__in=ids).exclude(role=Role.CUSTOMER).select_related("courier")
    return {user.pk: user.courier.name if hasattr(user, "courier") else user.name or user.email for user in people}


def _who(entry: TimelineEntry, names: Mapping[UUID, str]) -> str:
    name = names.get(entry.actor_id) if entry.actor_id else None
    return f"{name} ({entry.actor_label})" if name else entry.actor_label
