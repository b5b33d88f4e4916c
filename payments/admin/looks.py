from typing import Final

from django.utils.safestring import SafeString

from accounts.admin_base.display import Tone, badge
from payments.models import Payment, PaymentStatus, Refund, RefundStatus

PAYMENT_TONES: Final = {
    PaymentStatus.PENDING: Tone.WAITING,
    PaymentStatus.SUCCEEDED: Tone.GOOD,
    PaymentStatus.FAILED: Tone.BAD,
}
REFUND_TONES: Final = {
    RefundStatus.PENDING: Tone.WAITING,
    RefundStatus.SUCCEEDED: Tone.GOOD,
    RefundStatus.FAILED: Tone.BAD,
}


def payment_badge(payment: Payment) -> SafeString:
    if payment.is_in_review:
        return badge("In review", tone=Tone.WARNING)
    status = PaymentStatus(payment.status)
    return badge(status.label, tone=PAYMENT_TONES[status])


def refund_badge(refund: Refund) -> SafeString:
    status = RefundStatus(refund.status)
    return badge(status.label, tone=REFUND_TONES[status])
