"""Asking the provider: charges and refunds that are due, outside of any transaction."""

import logging
from typing import Final

from accounts.actors import Actor
from api.log_context import bind_log
from api.transactions import transactional
from orders.correlation import under_trace_of
from orders.states import OrderStatus
from payments.locks import claim_due, lock_refund, lock_with_order
from payments.models import FailureReason, Payment, PaymentStatus, Refund, RefundStatus
from payments.providers.base import ChargeRequest, ProviderUnavailable, RefundOutcome, RefundRequest
from payments.providers.registry import provider_named
from payments.queues import RetryPolicy, finish, is_still_held, postpone, work_off
from payments.services.failing import fail_with_order
from payments.services.refunding import record_refund_failure, record_refund_success

logger = logging.getLogger(__name__)

TASK: Final = "payments.submit_due"

# A payer waits at the other end of a charge: half a minute, then the order is given up. Nobody waits for a refund:
# nine hours, then staff have to look.
CHARGES: Final = RetryPolicy(attempts=6, longest_pause_seconds=16)
REFUNDS: Final = RetryPolicy(attempts=20, longest_pause_seconds=3_600)


def submit_due() -> int:
    """Hand over what is due; returns how many charges and refunds that were. Any number may run at once."""
    return work_off(submit_next_charge, task=TASK) + work_off(submit_next_refund, task=TASK)


def submit_next_charge() -> bool:
    """A worker that dies in here is followed by one that asks again, which the provider does not take as a second
    charge. Payments of cancelled orders are left to the handler of `order.cancelled`."""
    payable = Payment.objects.filter(status=PaymentStatus.PENDING, order__status=OrderStatus.CREATED)
    payment = claim_due(payable.select_related("order"))
    if payment is None:
        return False
    bind_log(order=payment.order_id)
    with under_trace_of(payment.order):
        _charge(payment)
    return True


def _charge(payment: Payment) -> None:
    try:
        provider_named(payment.provider).charge(_charge_request(payment))
    except ProviderUnavailable as error:
        _retry_charge(payment, error)
    else:
        finish(payment)


def _charge_request(payment: Payment) -> ChargeRequest:
    return ChargeRequest(
        payment_id=payment.id,
        amount=payment.amount,
        currency=payment.currency,
        token=payment.token,
        order_expires_at=payment.order.expires_at,
    )


def _retry_charge(payment: Payment, error: ProviderUnavailable) -> None:
    pause = CHARGES.pause_after(payment.submit_attempts)
    if pause is None:
        logger.error("gave up charging payment %s: %s", payment.id, error)
        _give_up_charge(payment)
    else:
        logger.warning("payment %s could not be charged: %s", payment.id, error)
        postpone(payment, pause=pause)


@transactional
def _give_up_charge(claimed: Payment) -> None:
    """Should the provider have charged after all, its notice finds the order cancelled, and the money goes back."""
    payment = lock_with_order(claimed.id)
    if is_still_held(claimed):
        fail_with_order(payment, reason=FailureReason.PROVIDER_UNAVAILABLE, actor=Actor.provider(payment.provider))


def submit_next_refund() -> bool:
    refund = claim_due(Refund.objects.filter(status=RefundStatus.PENDING).select_related("payment__order"))
    if refund is None:
        return False
    bind_log(order=refund.payment.order_id)
    with under_trace_of(refund.payment.order):
        _refund(refund)
    return True


def _refund(refund: Refund) -> None:
    try:
        outcome = provider_named(refund.payment.provider).refund(_refund_request(refund))
    except ProviderUnavailable as error:
        _retry_refund(refund, error)
    else:
        _settle_refund(refund, outcome)


def _refund_request(refund: Refund) -> RefundRequest:
    return RefundRequest(
        refund_id=refund.id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        currency=refund.payment.captured_currency,
    )


def _retry_refund(refund: Refund, error: ProviderUnavailable) -> None:
    pause = REFUNDS.pause_after(refund.submit_attempts)
    if pause is None:
        _give_up_refund(refund)
    else:
        logger.warning("refund %s could not be made: %s", refund.id, error)
        postpone(refund, pause=pause)


@transactional
def _give_up_refund(claimed: Refund) -> None:
    refund = lock_refund(claimed.id)
    if is_still_held(claimed):
        _fail(refund, reason="The provider could not be reached.")


@transactional
def _settle_refund(claimed: Refund, outcome: RefundOutcome) -> None:
    """The provider's word counts whoever brings it, also a worker whose lease ran out meanwhile."""
    refund = lock_refund(claimed.id)
    if refund.status != RefundStatus.PENDING:
        return
    if outcome.succeeded:
        record_refund_success(refund)
    else:
        _fail(refund, reason=outcome.failure_reason)


def _fail(refund: Refund, *, reason: str) -> None:
    logger.error("refund %s of payment %s failed: %s", refund.id, refund.payment_id, reason)
    record_refund_failure(refund, reason=reason)
