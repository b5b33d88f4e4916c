"""Giving money back, never more than was captured. What is asked for, made or refused is an event each time."""

from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor, ActorKind
from api.etags import check_version
from api.transactions import transactional
from api.waking import wake
from payments.errors import RefundExceedsCaptured, RefundNotAllowed, RefundNotFailed
from payments.locks import lock_payment, lock_refund
from payments.models import Payment, Refund, RefundStatus
from payments.providers.registry import moves_money
from payments.services.recording import NO_LONGER_DUE, publish_refund, save_change

NOTHING = Decimal("0.00")


@transactional
def refund_payment(
    payment_id: UUID, *, amount: Decimal, reason: str, actor: Actor, expected_version: int | None = None
) -> Refund:
    """Raises PaymentNotFound, RefundNotAllowed, PreconditionFailed, RefundExceedsCaptured."""
    if actor.kind == ActorKind.CUSTOMER:
        raise RefundNotAllowed
    payment = lock_payment(payment_id)
    check_version(payment.version, expected_version)
    _refuse_beyond(payment, amount=amount)
    return _open(payment, amount=amount, reason=reason, actor=actor)


@transactional
def retry_refund(refund_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Refund:
    """Ask the provider for a refund that has failed again, with all its attempts before it.

    It stays the same refund to the provider, so that one that was made, but whose answer never came, is not made twice.
    Raises RefundNotFound, RefundNotAllowed, PreconditionFailed, RefundNotFailed, RefundExceedsCaptured.
    """
    if actor.kind == ActorKind.CUSTOMER:
        raise RefundNotAllowed
    refund = lock_refund(refund_id)
    check_version(refund.version, expected_version)
    if refund.status != RefundStatus.FAILED:
        raise RefundNotFailed(refund_status=refund.status)
    _refuse_beyond(refund.payment, amount=refund.amount)
    save_change(
        refund,
        status=RefundStatus.PENDING,
        failure_reason="",
        submit_at=timezone.now(),
        submit_attempts=0,
        leased_until=None,
    )
    save_change(refund.payment)
    publish_refund(refund, "requested")
    wake("payments.submit_due")
    return refund


def refund_rest(
    payment: Payment,
    *,
    reason: str,
    actor: Actor,
    at_most: Decimal | None = None,
    cause_event_id: UUID | None = None,
) -> Refund | None:
    """Give back what was captured and not given back yet, or `at_most` of it; None when there is nothing to give.

    The caller holds the payment's lock.
    """
    left = refundable(payment)
    amount = left if at_most is None else min(left, at_most)
    if amount <= NOTHING:
        return None
    return _open(payment, amount=amount, reason=reason, actor=actor, cause_event_id=cause_event_id)


def _refuse_beyond(payment: Payment, *, amount: Decimal) -> None:
    left = refundable(payment)
    if amount > left:
        raise RefundExceedsCaptured(refundable=str(left), currency=payment.captured_currency or payment.currency)


def refundable(payment: Payment) -> Decimal:
    """What was captured less the refunds that were made or are under way; added up here, as SQLite adds in floats."""
    given = payment.refunds.exclude(status=RefundStatus.FAILED).values_list("amount", flat=True)
    return payment.captured_amount - sum(given, NOTHING)


def record_refund_success(refund: Refund) -> None:
    """The caller holds the lock of `refund.payment`, whose version rises with the amount it shows as refunded."""
    save_change(refund, status=RefundStatus.SUCCEEDED, succeeded_at=timezone.now(), **NO_LONGER_DUE)
    save_change(refund.payment)
    publish_refund(refund, "succeeded")


def record_refund_failure(refund: Refund, *, reason: str) -> None:
    """Staff have to see to it: the refund can be tried again. The caller holds the lock of `refund.payment`."""
    save_change(refund, status=RefundStatus.FAILED, failure_reason=reason[:200], **NO_LONGER_DUE)
    save_change(refund.payment)
    publish_refund(refund, "failed", attempts=refund.submit_attempts)


def _open(
    payment: Payment, *, amount: Decimal, reason: str, actor: Actor, cause_event_id: UUID | None = None
) -> Refund:
    """Raises the payment's version, so that two people who read it before cannot both refund with If-Match."""
    refund = Refund.objects.create(
        payment=payment,
        amount=amount,
        reason=reason,
        cause_event_id=cause_event_id,
        created_by_id=actor.user_id,
        submit_at=timezone.now() if moves_money(payment) else None,
    )
    publish_refund(refund, "requested")
    if moves_money(payment):
        save_change(payment)
        wake("payments.submit_due")
    else:
        record_refund_success(refund)
    return refund
