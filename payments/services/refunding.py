"""Giving money back, never more than was captured."""

from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor, ActorKind
from api.etags import check_version
from api.transactions import transactional
from api.waking import wake
from payments.errors import RefundExceedsCaptured, RefundNotAllowed
from payments.locks import lock_payment
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
    left = refundable(payment)
    if amount > left:
        raise RefundExceedsCaptured(refundable=str(left), currency=payment.captured_currency or payment.currency)
    return _open(payment, amount=amount, reason=reason, actor=actor)


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
    """The money can be refunded again, by another refund. The caller holds the lock of `refund.payment`."""
    save_change(refund, status=RefundStatus.FAILED, failure_reason=reason[:200], **NO_LONGER_DUE)
    save_change(refund.payment)
    publish_refund(refund, "failed")


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
    if moves_money(payment):
        save_change(payment)
        wake("payments.submit_due")
    else:
        record_refund_success(refund)
    return refund
