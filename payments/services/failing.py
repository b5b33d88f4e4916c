"""What a payment that fails takes with it: the saga's way back."""

from typing import Any, Final

from accounts.actors import Actor
from orders.services.cancelling import cancel_locked
from orders.states import OrderStatus
from payments.models import FailureReason, Payment
from payments.services.recording import record_failure

PAYMENT_FAILED: Final = "payment_failed"


def fail_with_order(payment: Payment, *, reason: FailureReason, actor: Actor, **changes: Any) -> None:
    """Fail the payment, and cancel its order, whose goods go back to stock. The caller holds both locks.

    So the order of a failed payment is always cancelled: there is no second attempt to pay it.
    """
    record_failure(payment, reason=reason, **changes)
    if payment.order.status == OrderStatus.CREATED:
        cancel_locked(payment.order, actor=actor, reason=f"Payment failed: {reason.label}", reason_code=PAYMENT_FAILED)
