from api.errors import CataloguedError


class PaymentNotFound(CataloguedError):
    code = "payment_not_found"
    status = 404
    title = "Payment not found"
    cause = "No payment has this id, or it is not yours to see."
    remedy = "Check the id and the account you use."
    retryable = False


class PaymentExists(CataloguedError):
    code = "payment_exists"
    status = 409
    title = "Payment exists"
    cause = "The order has a payment already that is under way or has succeeded."
    remedy = "Follow the payment named in `payment_id` instead of starting another."
    retryable = False


class OrderNotPayable(CataloguedError):
    code = "order_not_payable"
    status = 409
    title = "Order not payable"
    cause = "Only an order that is created and neither paid nor cancelled can be paid."
    remedy = "Read the order; `order_status` says where it stands. Place a new one if it is cancelled."
    retryable = False


class PaymentMethodMismatch(CataloguedError):
    code = "payment_method_mismatch"
    status = 409
    title = "Payment method mismatch"
    cause = "The order was placed to be paid in another way."
    remedy = "Pay it by the method named in `payment_method`; cash is collected at the door without a request."
    retryable = False


class ExternalPaymentRefused(CataloguedError):
    code = "external_payment_refused"
    status = 403
    title = "External payment refused"
    cause = "Only the integrator of the order's store may state that it was paid elsewhere."
    remedy = "Use the account of the store's integrator, or pay the order online."
    retryable = False


class RefundNotAllowed(CataloguedError):
    code = "refund_not_allowed"
    status = 403
    title = "Refund not allowed"
    cause = "Customers cannot give money back to themselves."
    remedy = "Cancel the order where that is still possible, or ask the store for a refund."
    retryable = False


class RefundExceedsCaptured(CataloguedError):
    code = "refund_exceeds_captured"
    status = 409
    title = "Refund exceeds captured"
    cause = "This refund and those before it would give back more than was taken."
    remedy = "Refund at most what `refundable` says."
    retryable = False


class RefundNotFound(CataloguedError):
    code = "refund_not_found"
    status = 404
    title = "Refund not found"
    cause = "No refund has this id."
    remedy = "Check the id."
    retryable = False


class RefundNotFailed(CataloguedError):
    code = "refund_not_failed"
    status = 409
    title = "Refund not failed"
    cause = "Only a refund that has failed can be tried again; this one is under way or was made."
    remedy = "Read the refund again."
    retryable = False


class PaymentNotInReview(CataloguedError):
    code = "payment_not_in_review"
    status = 409
    title = "Payment not in review"
    cause = "The payment does not wait for a decision, or somebody has made it already."
    remedy = "Read the payment again."
    retryable = False


class InvalidSignature(CataloguedError):
    code = "invalid_signature"
    status = 401
    title = "Invalid signature"
    cause = "The X-Signature header is missing, malformed, or not the signature of this body."
    remedy = "Sign the raw body as docs/payments.md describes, with the secret of this installation."
    retryable = False


class StaleSignature(CataloguedError):
    code = "stale_signature"
    status = 401
    title = "Stale signature"
    cause = "The signature's time is more than five minutes away from now."
    remedy = "Check the sender's clock and sign again with the time of sending."
    retryable = True
