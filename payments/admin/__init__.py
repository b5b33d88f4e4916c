from payments.admin.looks import payment_badge, refund_badge
from payments.admin.payments import PaymentAdmin
from payments.admin.refunds import RefundAdmin

__all__ = ["PaymentAdmin", "RefundAdmin", "payment_badge", "refund_badge"]
