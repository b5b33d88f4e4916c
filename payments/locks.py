"""The row locks of this app. The order's lock comes first, then the payment's; refunds change under their payment's."""

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from api.transactions import transactional
from orders.locks import lock_order
from orders.models import Order
from payments.errors import PaymentNotFound, RefundNotFound
from payments.models import LIVE, OutboundWork, Payment, Refund

W = TypeVar("W", bound=OutboundWork)


def lock_payment(payment_id: UUID) -> Payment:
    """The payment as it is now, with its order, which is not locked. Raises PaymentNotFound."""
    locked = Payment.objects.select_for_update(of=("self",), no_key=True).select_related("order")
    payment = locked.filter(id=payment_id).first()
    if payment is None:
        raise PaymentNotFound
    return payment


def lock_with_order(payment_id: UUID) -> Payment:
    """The payment and its order, both locked, the order first. Raises PaymentNotFound."""
    order_id = Payment.objects.filter(id=payment_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise PaymentNotFound
    order = lock_order(order_id)
    payment = lock_payment(payment_id)
    payment.order = order
    return payment


def lock_refund(refund_id: UUID) -> Refund:
    """The refund as it is now, with its payment, whose lock stands for its own. Raises RefundNotFound."""
    payment_id = Refund.objects.filter(id=refund_id).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise RefundNotFound
    payment = lock_payment(payment_id)
    refund = Refund.objects.get(id=refund_id)
    refund.payment = payment
    return refund


def lock_live_payment(order: Order) -> Payment | None:
    """The one payment of the order that is under way or has succeeded. The caller holds the order's lock."""
    live = Payment.objects.filter(order=order, status__in=LIVE)
    payment = live.select_for_update(of=("self",), no_key=True).first()
    if payment is not None:
        payment.order = order
    return payment


@transactional
def claim_due(queue: QuerySet[W]) -> W | None:
    """Lease the row of `queue` that has been due longest to the caller; None when nothing is due and free.

    Rows others have locked are passed over, so this waits for nobody. SQLite knows no row locks and ignores them: there
    the UPDATE, which asks again whether the row is free, is what lets only one win.
    """
    now = timezone.now()
    free = queue.filter(Q(leased_until=None) | Q(leased_until__lte=now), submit_at__lte=now)
    row = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("submit_at", "pk").first()
    if row is None:
        return None
    row.leased_until = now + timedelta(seconds=settings.PROVIDER_LEASE_SECONDS)
    row.submit_attempts += 1
    lease = {"leased_until": row.leased_until, "submit_attempts": row.submit_attempts}
    return row if free.filter(pk=row.pk).update(**lease) else None
