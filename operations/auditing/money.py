"""Payments, refunds, and the orders they are for."""

from typing import Final

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Least

from events.models import Event
from operations.auditing.findings import Check, Findings, findings
from operations.auditing.orders import LESS_THAN_A_CENT, NOTHING
from operations.auditing.retained import is_retained
from operations.auditing.waiting import on_its_way
from orders.models import Order
from orders.states import BEFOREHAND, OrderStatus, PaymentMethod
from payments.models import LIVE, Payment, PaymentStatus, Provider, Refund, RefundStatus

MONEY: Final = DecimalField(max_digits=12, decimal_places=2)
AFTER_PAYMENT: Final = tuple(set(OrderStatus) - {OrderStatus.CREATED, OrderStatus.CANCELLED})

succeeded_payment = Exists(Payment.objects.filter(order=OuterRef("pk"), status=PaymentStatus.SUCCEEDED))


_captured = Coalesce(
    Subquery(
        Payment.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum("captured_amount")).values("sum")
    ),
    NOTHING,
)  # fmt: skip
_given_back = Coalesce(
    Subquery(
        Refund.objects.filter(payment__order=OuterRef("pk")).exclude(status=RefundStatus.FAILED).order_by()
        .values("payment__order").annotate(sum=Sum("amount")).values("sum")
    ),
    NOTHING,
)  # fmt: skip
_asked_back = Subquery(
    Event.objects.filter(type="order.cancelled", subject_type="order", subject_id=OuterRef("pk"))
    .exclude(data__refund_amount=None)
    .order_by("-position")
    .annotate(asked=Cast(KT("data__refund_amount"), MONEY))
    .values("asked")[:1]
)


def orders_have_one_live_payment() -> Findings:
    live = Payment.objects.filter(status__in=LIVE).order_by("order_id")
    several = live.values("order_id").annotate(count=Count("id")).filter(count__gt=1)
    return findings(examined=live.count(), offenders=several.values_list("order_id", flat=True).iterator())


def orders_on_their_way_are_paid() -> Findings:
    orders = Order.objects.filter(payment_method__in=BEFOREHAND, status__in=AFTER_PAYMENT)
    unpaid = orders.filter(~succeeded_payment).order_by("id")
    return findings(examined=orders.count(), offenders=unpaid.values_list("id", flat=True).iterator())


def cash_is_collected() -> Findings:
    delivered = Order.objects.filter(payment_method=PaymentMethod.CASH, status=OrderStatus.DELIVERED)
    uncollected = delivered.filter(~succeeded_payment).order_by("id")
    waiting = on_its_way("order.delivered", to="payments", order="pk")
    return findings(
        examined=delivered.count(),
        offenders=uncollected.filter(~waiting).values_list("id", flat=True).iterator(),
        pending=uncollected.filter(waiting).count(),
    )


def payments_fit_their_orders() -> Findings:
    """A payment that was in review was accepted by staff although its amount or currency differs."""
    decided = Payment.objects.exclude(status=PaymentStatus.PENDING)
    succeeded, failed = Q(status=PaymentStatus.SUCCEEDED), Q(status=PaymentStatus.FAILED)
    as_asked = Q(amount=F("captured_amount"), currency=F("captured_currency"))
    as_ordered = Q(amount=F("order__total"), currency=F("order__currency"))
    unnoticed = succeeded & Q(order__status=OrderStatus.CREATED)
    too_early = succeeded & Q(provider=Provider.CASH) & ~Q(order__status=OrderStatus.DELIVERED)
    of_another_amount = succeeded & Q(review_reason="") & ~(as_asked & as_ordered)
    not_compensated = failed & ~Q(order__status=OrderStatus.CANCELLED)
    off = decided.filter(unnoticed | too_early | of_another_amount | not_compensated).order_by("id")
    return findings(examined=decided.count(), offenders=off.values_list("id", flat=True).iterator())


def refunds_stay_within_captures() -> Findings:
    given = Sum("refunds__amount", filter=~Q(refunds__status=RefundStatus.FAILED))
    payments = Payment.objects.order_by("id").values("id", "captured_amount").annotate(given=given)
    over = payments.filter(given__gt=F("captured_amount") + LESS_THAN_A_CENT)
    return findings(examined=Refund.objects.count(), offenders=over.values_list("id", flat=True).iterator())


def cancelled_orders_are_refunded() -> Findings:
    """Everything captured has to go back, or as much of it as the cancellation asked for.

    A refund that the provider has not made yet counts: it is written down and is going to be made. One that failed
    does not: the customer is owed the money, and somebody has to see to it.
    """
    cancelled = Order.objects.filter(status=OrderStatus.CANCELLED)
    unpaid = owing(cancelled).order_by("id")
    waiting = on_its_way("order.cancelled", to="payments", order="pk")
    return findings(
        examined=cancelled.count(),
        offenders=unpaid.filter(~waiting).values_list("id", flat=True).iterator(),
        pending=unpaid.filter(waiting).count(),
    )


def owing(cancelled: QuerySet[Order]) -> QuerySet[Order]:
    """Those of which less goes back (`given`) than has to (`due`) of what was `captured`.

    How much has to stands in the event of the cancellation: of those whose event is gone nobody can tell.
    """
    return (
        cancelled.filter(is_retained("ended_at"))
        .annotate(captured=_captured, asked=_asked_back)
        .filter(captured__gt=0)
        .annotate(due=Least(F("captured"), Coalesce(F("asked"), F("captured"))), given=_given_back)
        .filter(given__lt=F("due") - LESS_THAN_A_CENT)
    )


def refunds_go_on() -> Findings:
    """A refund under way is due some time, or under a worker's lease; without a time nobody would ever look at it."""
    under_way = Refund.objects.filter(status=RefundStatus.PENDING)
    forgotten = under_way.filter(submit_at__isnull=True).order_by("id")
    return findings(
        examined=Refund.objects.count(),
        offenders=forgotten.values_list("id", flat=True).iterator(),
        pending=under_way.filter(submit_at__isnull=False).count(),
    )


CHECKS: Final = (
    Check("one-live-payment", "No order has two payments that are pending or succeeded.", orders_have_one_live_payment),
    Check(
        "orders-are-paid",
        "An order not paid in cash that has gone beyond created has a payment that succeeded, unless cancelled.",
        orders_on_their_way_are_paid,
    ),
    Check("cash-is-collected", "A delivered cash order has its cash payment.", cash_is_collected),
    Check(
        "payments-fit-orders",
        "A payment that succeeded took what its order costs and has moved it on; one that failed has cancelled it.",
        payments_fit_their_orders,
    ),
    Check(
        "refunds-within-captures",
        "The refunds of a payment, those that failed apart, are no more than it captured.",
        refunds_stay_within_captures,
    ),
    Check(
        "cancelled-orders-refunded",
        "What was captured for a cancelled order goes back, or as much as its cancellation asked for.",
        cancelled_orders_are_refunded,
    ),
    Check("refunds-go-on", "A pending refund has a time at which it is handed to the provider.", refunds_go_on),
)
