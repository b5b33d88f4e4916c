"""What a provider's notice does to the payment and its order: paid, cancelled, held for review, or sent back."""

import logging
from typing import Any

from django.db.models import TextChoices

from accounts.actors import Actor
from api.log_context import bind_log
from api.transactions import transactional
from orders.services.paying import mark_paid
from orders.states import OrderStatus
from payments.errors import PaymentNotFound
from payments.locks import lock_with_order
from payments.models import FailureReason, Payment, PaymentStatus, ProviderEvent
from payments.providers.base import NoticeType, ProviderNotice
from payments.services.failing import fail_with_order
from payments.services.recording import record_failure, record_success, save_change
from payments.services.refunding import refund_rest
from payments.services.reviewing import hold_for_review

logger = logging.getLogger(__name__)


class Outcome(TextChoices):
    PAID = "paid", "The order is paid"
    FAILED = "failed", "The payment failed"
    IN_REVIEW = "in_review", "The amount differs and waits for review"
    REFUNDED = "refunded", "Came too late and goes back"
    IGNORED = "ignored", "Contradicts what is settled, or adds nothing to it"
    REPEATED = "repeated", "Was taken before"


@transactional
def settle(notice: ProviderNotice, *, provider: str) -> Outcome:
    """Take a notice of `provider`; a repeated one changes nothing. Raises PaymentNotFound."""
    payment = lock_with_order(notice.payment_id)
    if payment.provider != provider:
        raise PaymentNotFound
    bind_log(order=payment.order_id)
    event = _take(notice, payment)
    if event is None:
        return Outcome.REPEATED
    event.outcome = outcome = _apply(notice, payment)
    event.save(update_fields=["outcome"])
    return outcome


def _take(notice: ProviderNotice, payment: Payment) -> ProviderEvent | None:
    """Our row for the notice; None when its event was taken before.

    The insert waits for a twin that is not committed yet, also for one about another payment, whom no lock holds back.
    """
    event = ProviderEvent(
        provider=payment.provider,
        event_id=notice.event_id,
        type=notice.type,
        payment=payment,
        amount=notice.amount,
        currency=notice.currency,
    )
    ProviderEvent.objects.bulk_create([event], ignore_conflicts=True)
    taken = ProviderEvent.objects.get(provider=payment.provider, event_id=notice.event_id)
    if taken.id == event.id:
        return event
    if _content(taken) != _content(event):
        logger.warning("provider event %s came again with other content; ignored", notice.event_id)
    return None


def _content(event: ProviderEvent) -> tuple[object, ...]:
    return (event.type, event.payment_id, event.amount, event.currency)


def _apply(notice: ProviderNotice, payment: Payment) -> Outcome:
    if payment.is_captured:
        logger.warning("%s for payment %s, whose money is here already; ignored", notice.type, payment.id)
        return Outcome.IGNORED
    if notice.type == NoticeType.FAILED:
        return _apply_failure(payment)
    if payment.order.status != OrderStatus.CREATED:
        return _send_back(notice, payment)
    return _apply_capture(notice, payment)


def _apply_failure(payment: Payment) -> Outcome:
    if payment.status == PaymentStatus.FAILED:
        return Outcome.IGNORED
    fail_with_order(payment, reason=FailureReason.DECLINED, actor=Actor.provider(payment.provider))
    return Outcome.FAILED


def _apply_capture(notice: ProviderNotice, payment: Payment) -> Outcome:
    if not _is_as_asked(notice, payment):
        hold_for_review(payment, **_captured(notice))
        return Outcome.IN_REVIEW
    record_success(payment, **_captured(notice))
    mark_paid(payment.order, actor=Actor.provider(payment.provider))
    return Outcome.PAID


def _send_back(notice: ProviderNotice, payment: Payment) -> Outcome:
    """The order has ended without the money: it is captured all the same, so that it can be refunded, never lost."""
    if _is_as_asked(notice, payment):
        record_success(payment, **_captured(notice))
    elif payment.status == PaymentStatus.PENDING:
        record_failure(payment, reason=FailureReason.ORDER_CANCELLED, **_captured(notice))
    else:
        save_change(payment, **_captured(notice))
    refund_rest(payment, reason="Came after the order was cancelled", actor=Actor.provider(payment.provider))
    return Outcome.REFUNDED


def _is_as_asked(notice: ProviderNotice, payment: Payment) -> bool:
    return (notice.amount, notice.currency) == (payment.amount, payment.currency)


def _captured(notice: ProviderNotice) -> dict[str, Any]:
    return {"captured_amount": notice.amount, "captured_currency": notice.currency}
