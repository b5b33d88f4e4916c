"""All that is known of one order, gathered for its page in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.safestring import SafeString

from accounts.models import User
from accounts.roles import Role
from couriers.admin import assignment_badge
from couriers.decisions import Matching, matching_of
from couriers.models import Assignment, Courier
from events.admin import state_badge
from events.models import Event
from orders.admin import kitchen_badge, status_badge
from orders.models import Charge, Order, OrderLine, TimelineEntry
from orders.selectors import timeline_of
from payments.admin import payment_badge, refund_badge
from payments.models import Payment

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
    entry: TimelineEntry
    who: str

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


def order_page(order: Order, *, with_events: bool, with_matching: bool) -> OrderPage:
    assignments = list(order.assignments.select_related("courier").order_by("-id"))
    return OrderPage(
        badge=status_badge(order.status),
        kitchen=kitchen_badge(order),
        lines=list(order.lines.all()),
        charges=list(order.charges.all()),
        timeline=_timeline(order),
        payments=[_shown_payment(payment) for payment in _payments(order)],
        assignments=[Shown(row=assignment, badge=assignment_badge(assignment)) for assignment in assignments],
        courier=_courier(order, assignments),
        matching=matching_of(order, most=DECISION_ROWS) if with_matching else None,
        events=[_shown_event(event) for event in _events(order)] if with_events else (),
    )


def _courier(order: Order, assignments: Sequence[Assignment]) -> Courier | None:
    return next((one.courier for one in assignments if one.courier_id == order.courier_id), None)


def _payments(order: Order) -> Sequence[Payment]:
    return list(order.payments.prefetch_related("refunds").order_by("-id"))


def _shown_payment(payment: Payment) -> Shown:
    refunds = [Shown(row=refund, badge=refund_badge(refund)) for refund in payment.refunds.all()]
    return Shown(row=payment, badge=payment_badge(payment), under=refunds)


def _events(order: Order) -> Sequence[Event]:
    events = Event.objects.filter(subject_type="order", subject_id=order.pk).order_by("-position")
    return list(events.prefetch_related("deliveries")[:EVENT_ROWS])


def _shown_event(event: Event) -> Shown:
    return Shown(row=event, under=[Shown(row=one, badge=state_badge(one)) for one in event.deliveries.all()])


def _timeline(order: Order) -> Sequence[TimelineLine]:
    entries = list(timeline_of(order))
    names = _names_of({entry.actor_id for entry in entries if entry.actor_id})
    return [TimelineLine(entry=entry, who=_who(entry, names)) for entry in entries]


def _names_of(ids: set[UUID]) -> Mapping[UUID, str]:
    """Colleagues and couriers by name; who ordered is named by the order's contact alone."""
    people = User.objects.filter(pk__in=ids).exclude(role=Role.CUSTOMER).select_related("courier")
    return {user.pk: user.courier.name if hasattr(user, "courier") else user.name or user.email for user in people}


def _who(entry: TimelineEntry, names: Mapping[UUID, str]) -> str:
    name = names.get(entry.actor_id) if entry.actor_id else None
    return f"{name} ({entry.actor_label})" if name else entry.actor_label
