"""What the end of an order means for its payment."""

from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.transactions import transactional
from orders.locks import lock_order
from orders.models import Order
from payments.locks import lock_live_payment
from payments.models import FailureReason, Payment, PaymentStatus, Provider, Refund
from payments.services.recording import publish_payment, record_failure
from payments.services.refunding import refund_rest


@transactional
def settle_cancelled_order(order_id: UUID, *, refund_amount: Decimal | None, cause_event_id: UUID) -> None:
    """Give back what was captured, or `refund_amount` of it, once per event; a payment still open fails.

    Failing it, although the provider may yet take the money, frees the books of a payment that waits for ever: money
    that does come is captured then and sent back (`settling`).
    """
    payment = lock_live_payment(lock_order(order_id))
    if payment is None or Refund.objects.filter(cause_event_id=cause_event_id).exists():
        return
    if payment.status == PaymentStatus.PENDING:
        record_failure(payment, reason=FailureReason.ORDER_CANCELLED)
    refund_rest(
        payment,
        reason="The order was cancelled",
        actor=Actor.system("payments"),
        at_most=refund_amount,
        cause_event_id=cause_event_id,
    )


@transactional
def collect_cash(order_id: UUID, *, courier_id: UUID | None) -> Payment | None:
    """The courier took the order's total at the door; None where that is written down already."""
    order = lock_order(order_id)
    if lock_live_payment(order) is not None:
        return None
    payment = _collected(order, courier_id=courier_id)
    publish_payment(payment, "succeeded")
    return payment


def _collected(order: Order, *, courier_id: UUID | None) -> Payment:
    return Payment.objects.create(
        order=order,
        provider=Provider.CASH,
        status=PaymentStatus.SUCCEEDED,
        succeeded_at=timezone.now(),
        amount=order.total,
        currency=order.currency,
        captured_amount=order.total,
        captured_currency=order.currency,
        created_by_id=courier_id,
    )
