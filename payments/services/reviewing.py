"""Payments that took another amount or currency than they should: neither paid nor lost until staff decide."""

import logging
from decimal import Decimal
from uuid import UUID

from accounts.actors import Actor, ActorKind
from api.etags import check_version
from api.transactions import transactional
from orders.services.expiry import suspend_expiry
from orders.services.paying import mark_paid
from payments.errors import PaymentNotInReview
from payments.locks import lock_with_order
from payments.models import FailureReason, Payment
from payments.services.failing import fail_with_order
from payments.services.recording import NO_LONGER_DUE, publish_payment, record_success, save_change
from payments.services.refunding import refund_rest

logger = logging.getLogger(__name__)


def hold_for_review(payment: Payment, *, captured_amount: Decimal, captured_currency: str) -> None:
    """Raise the alert, and keep the order from expiring under the reviewer. The caller holds both locks."""
    reason = f"captured {captured_amount} {captured_currency} instead of {payment.amount} {payment.currency}"
    save_change(
        payment,
        review_reason=reason,
        captured_amount=captured_amount,
        captured_currency=captured_currency,
        **NO_LONGER_DUE,
    )
    suspend_expiry(payment.order)
    publish_payment(payment, "review_needed", reason=reason, captured_currency=captured_currency)
    logger.warning("payment %s needs review: %s", payment.id, reason)


@transactional
def accept_as_paid(payment_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Payment:
    """Staff take what was captured as payment in full.

    Raises PaymentNotFound, PaymentNotInReview, PreconditionFailed.
    """
    payment = _in_review(payment_id, expected_version=expected_version)
    record_success(payment, reviewed_by_id=actor.user_id)
    mark_paid(payment.order, actor=_deciding_for_provider(payment, actor))
    return payment


@transactional
def refund_and_fail(payment_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Payment:
    """Staff send everything back, and the order is cancelled. Raises as `accept_as_paid`."""
    payment = _in_review(payment_id, expected_version=expected_version)
    refund_rest(payment, reason="Refused in review", actor=actor)
    fail_with_order(payment, reason=FailureReason.REVIEW_REFUSED, actor=actor, reviewed_by_id=actor.user_id)
    return payment


def _in_review(payment_id: UUID, *, expected_version: int | None) -> Payment:
    payment = lock_with_order(payment_id)
    check_version(payment.version, expected_version)
    if not payment.is_in_review:
        raise PaymentNotInReview(payment_status=payment.status)
    return payment


def _deciding_for_provider(payment: Payment, actor: Actor) -> Actor:
    """Only a payment moves an order to paid, never staff by themselves; the timeline names who let this one pass."""
    return Actor(kind=ActorKind.PROVIDER, user_id=actor.user_id, label=f"{payment.provider}, accepted by {actor.label}")
