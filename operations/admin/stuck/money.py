"""Money that is on its way, came wrong, or does not go back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.admin_base.display import moment, money
from operations.admin.stuck.cases import GRACE, Case, Desk, Kind
from operations.auditing.money import owing
from orders.models import Order
from orders.selectors import orders_for
from orders.states import OrderStatus
from payments.models import Payment, PaymentStatus, Refund, RefundStatus
from payments.selectors import payments_of
from payments.services.submitting import CHARGES, REFUNDS

# How far back cancelled orders are reckoned up again: what is older is left to the failed refunds, and to the audit.
LOOK_BACK: Final = timedelta(days=3)


class MoneyKind(Kind):
    scope = "payments:read"
    oldest_first = "id"


class InReview(MoneyKind):
    key, title = "in-review", "Payments to review"
    meaning = "Another amount or currency came than was asked for. The order is not paid until somebody decides."
    advice = "A dispatcher decides."

    def rows(self, desk: Desk) -> QuerySet[Payment]:
        return payments_of(desk.user).in_review()

    def shown(self, rows: QuerySet[Payment]) -> QuerySet[Payment]:
        return rows.select_related("order__store")

    def case(self, row: Payment, *, desk: Desk) -> Case:
        return Case(
            order=row.order,
            since=row.updated_at,
            happened=f"{capfirst(row.review_reason)}.",
            by_itself="Nothing: while it waits, the order does not expire.",
            buttons=desk.buttons(row, "accept", "refuse"),
        )


class Unanswered(MoneyKind):
    key, title = "unanswered", "Payments without an answer"
    meaning = "The provider has been asked, or cannot be reached, and nobody knows yet whether it takes the money."

    def rows(self, desk: Desk) -> QuerySet[Payment]:
        before = desk.before(settings.MONEY_OVERDUE_SECONDS)
        pending = payments_of(desk.user).filter(status=PaymentStatus.PENDING, review_reason="")
        return pending.filter(created_at__lte=before)

    def shown(self, rows: QuerySet[Payment]) -> QuerySet[Payment]:
        return rows.select_related("order__store")

    def case(self, row: Payment, *, desk: Desk) -> Case:
        return Case(
            order=row.order,
            since=row.created_at,
            happened=self._happened(row),
            by_itself=self._by_itself(row),
            buttons=desk.buttons(row.order, "cancel"),
        )

    @staticmethod
    def _happened(payment: Payment) -> str:
        if payment.order.status == OrderStatus.CANCELLED:
            return "Its order is cancelled, and the payment still open."
        if payment.submit_at is None:
            return f"The provider was asked for {money(payment.amount, payment.currency)} and has not answered."
        return f"Asked {payment.submit_attempts} times; the provider could not be reached."

    @staticmethod
    def _by_itself(payment: Payment) -> SafeString | str:
        zone = payment.order.store.time_zone
        if payment.order.status == OrderStatus.CANCELLED:
            return "Fails as soon as payments hear of the cancellation; money that comes all the same goes back."
        if payment.submit_at is not None:
            after = f"after {CHARGES.attempts} attempts it fails, and the order is cancelled."
            return format_html("Asked again {}; {}", moment(payment.submit_at, zone=zone), after)
        expires = moment(payment.order.expires_at, zone=zone)
        return format_html("Unless it answers, the order expires {}. Money that comes later goes back.", expires)


class RefundKind(MoneyKind):
    oldest_first = "id"

    def of_status(self, status: RefundStatus, *, desk: Desk) -> QuerySet[Refund]:
        refunds = Refund.objects.filter(status=status)
        return refunds if desk.user.sees_all_stores else refunds.filter(payment__in=payments_of(desk.user))

    def shown(self, rows: QuerySet[Refund]) -> QuerySet[Refund]:
        return rows.select_related("payment__order__store")


class RefundsUnderWay(RefundKind):
    key, title = "refunds-under-way", "Refunds under way for long"
    meaning = "The provider does not make them, or nobody asks it: then worker or beat does not run."
    advice = "Nothing has to be done yet."

    def rows(self, desk: Desk) -> QuerySet[Refund]:
        before = desk.before(settings.MONEY_OVERDUE_SECONDS)
        return self.of_status(RefundStatus.PENDING, desk=desk).filter(updated_at__lte=before)

    def case(self, row: Refund, *, desk: Desk) -> Case:
        amount = money(row.amount, row.payment.captured_currency)
        again = moment(row.submit_at, zone=row.payment.order.store.time_zone)
        return Case(
            order=row.payment.order,
            since=row.updated_at,
            happened=f"{amount} to go back; asked {row.submit_attempts} times without an answer.",
            by_itself=format_html("Asked again {}; given up after {} attempts.", again, REFUNDS.attempts),
            links=[("Payment", reverse("admin:payments_payment_change", args=(row.payment_id,)))],
        )


class FailedRefunds(RefundKind):
    key, title = "failed-refunds", "Refunds that failed"
    meaning = "The customer is owed this money. The same refund is asked for again, so nothing goes back twice."

    def rows(self, desk: Desk) -> QuerySet[Refund]:
        """One for which as much was asked again since has been seen to."""
        later = Refund.objects.filter(payment=OuterRef("payment"), pk__gt=OuterRef("pk"))
        instead = later.filter(amount__gte=OuterRef("amount"))
        failed = self.of_status(RefundStatus.FAILED, desk=desk)
        return failed.filter(~Exists(instead.exclude(status=RefundStatus.FAILED)))

    def case(self, row: Refund, *, desk: Desk) -> Case:
        return Case(
            order=row.payment.order,
            since=row.updated_at,
            happened=f"{money(row.amount, row.payment.captured_currency)} did not go back: {row.failure_reason}",
            buttons=desk.buttons(row, "retry"),
        )


class NotGivenBack(MoneyKind):
    key, title = "not-given-back", "Cancelled, and not given back"
    meaning = f"Of the last {LOOK_BACK.days} days: less is on its way back than the cancellation asked for."
    oldest_first = "ended_at"

    def rows(self, desk: Desk) -> QuerySet[Order]:
        """Those with a refund that failed stand there."""
        ended = (desk.now - LOOK_BACK, desk.now - GRACE)
        captured = Payment.objects.filter(order=OuterRef("pk"), captured_amount__gt=0)
        failed = Refund.objects.filter(payment__order=OuterRef("pk"), status=RefundStatus.FAILED)
        cancelled = orders_for(desk.user).cancelled_after_payment_began().filter(ended_at__range=ended)
        return owing(cancelled.filter(Exists(captured))).filter(~Exists(failed))

    def shown(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        captured = Payment.objects.filter(captured_amount__gt=0).order_by("-id")
        return rows.select_related("store").prefetch_related(Prefetch("payments", captured, to_attr="captured_by"))

    def case(self, row: Any, *, desk: Desk) -> Case:
        payment: Payment = row.captured_by[0]
        due, given = (money(Decimal(amount), payment.captured_currency) for amount in (row.due, row.given))
        return Case(
            order=row,
            since=row.ended_at,
            happened=f"{given} of {due} went back or is on its way.",
            by_itself="Nothing, unless a dead letter below is sent again.",
            links=[("Refund…", _refund_page(payment, desk=desk))] if desk.may("payments:write") else [],
        )


def _refund_page(payment: Payment, *, desk: Desk) -> str:
    page = reverse("admin:payments_payment_move", args=(payment.pk, "refund"))
    return f"{page}?{urlencode({'next': desk.request.path})}"
