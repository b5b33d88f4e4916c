"""Orders that wait for somebody: the store, a courier, staff, or a job that does not run."""

from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.html import format_html

from accounts.admin_base.display import moment
from couriers.models import Assignment, WaitReport
from couriers.states import AssignmentStatus, FailureReason
from operations.admin.stuck.cases import GRACE, Case, Desk, Kind
from orders.models import Order
from orders.selectors import orders_for
from orders.states import OrderStatus, PaymentMethod


class OrderKind(Kind):
    oldest_first = "status_changed_at"

    def shown(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        return rows.select_related("store")


class Unconfirmed(OrderKind):
    key, title = "unconfirmed", "Waiting for the store"
    meaning = "The customer has paid, or will at the door, and the store has not said that it takes the order on."

    def rows(self, desk: Desk) -> QuerySet[Order]:
        cash = Q(status=OrderStatus.CREATED, payment_method=PaymentMethod.CASH, expires_at=None)
        overdue = Q(status_changed_at__lte=desk.before(settings.CONFIRMATION_OVERDUE_SECONDS))
        return orders_for(desk.user).filter(overdue & (Q(status=OrderStatus.PAID) | cash))

    def case(self, row: Order, *, desk: Desk) -> Case:
        what = "Paid" if row.status == OrderStatus.PAID else "Placed, to be paid in cash"
        missing = "" if row.has_dropoff else " It has no drop-off: it cannot be confirmed before it has one."
        return Case(
            order=row,
            since=row.status_changed_at,
            happened=f"{what}, and not confirmed.{missing}",
            by_itself="Nothing: it waits until it is confirmed or cancelled.",
            buttons=desk.buttons(row, *(("confirm",) if row.has_dropoff else ()), "cancel"),
        )


class WithoutCourier(OrderKind):
    key, title = "without-courier", "Waiting for a courier"
    meaning = "The store prepares them, and no courier has taken them on."

    def rows(self, desk: Desk) -> QuerySet[Order]:
        before = desk.before(settings.COURIER_NOT_FOUND_SECONDS)
        return orders_for(desk.user).in_status_since_before(before, status=OrderStatus.CONFIRMED)

    def shown(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        told = WaitReport.objects.filter(order=OuterRef("pk"), since=OuterRef("status_changed_at"))
        return super().shown(rows).annotate(was_told=Exists(told))

    def case(self, row: Any, *, desk: Desk) -> Case:
        told = " Staff were told." if row.was_told else ""
        return Case(
            order=row,
            since=row.status_changed_at,
            happened=f"{'Ready' if row.ready_at else 'In preparation'}, and nobody has accepted it.{told}",
            by_itself="Any courier who may ride for the store can still accept it.",
            buttons=desk.buttons(row, "assign", "cancel"),
        )


class FailedDelivery(OrderKind):
    key, title = "failed-deliveries", "Came back from the door"
    meaning = "The courier could not hand them over; somebody has to decide what becomes of them."

    def rows(self, desk: Desk) -> QuerySet[Order]:
        return orders_for(desk.user).filter(status=OrderStatus.FAILED)

    def shown(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        failed = Assignment.objects.filter(order=OuterRef("pk"), status=AssignmentStatus.FAILED).order_by("-id")
        return super().shown(rows).annotate(why=Subquery(failed.values("failure_reason")[:1]))

    def case(self, row: Any, *, desk: Desk) -> Case:
        why = FailureReason(row.why).label if row.why else "No reason given"
        return Case(
            order=row,
            since=row.status_changed_at,
            happened=f"Not delivered: {why.lower()}.",
            by_itself="Nothing: it is confirmed again or cancelled.",
            buttons=desk.buttons(row, "confirm-again", "cancel"),
        )


class NotExpired(OrderKind):
    key, title = "not-expired", "Should have expired"
    meaning = "Unpaid, and still holding their goods: worker or beat does not run, or the job fails for them."
    advice = "Whoever runs the site looks at worker and beat."
    oldest_first = "expires_at"

    def rows(self, desk: Desk) -> QuerySet[Order]:
        return orders_for(desk.user).expired(desk.now - GRACE)

    def case(self, row: Order, *, desk: Desk) -> Case:
        assert row.expires_at is not None
        due = moment(row.expires_at, zone=row.store.time_zone)
        return Case(
            order=row,
            since=row.expires_at,
            happened=format_html("Its time to be paid was over at {}.", due),
            by_itself=f"Cancelled by the next sweep, which is to come every {settings.SWEEP_SECONDS:g} s.",
            buttons=desk.buttons(row, "cancel"),
        )
