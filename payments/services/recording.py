"""The one way a payment or refund changes: version and row together; what others must hear of goes into the outbox."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone

from api.errors import JSON
from events.envelopes import Subject
from events.publishing import publish
from orders.correlation import under_trace_of
from payments.models import FailureReason, Payment, PaymentStatus, Refund

NO_LONGER_DUE: Final[Mapping[str, None]] = {"submit_at": None, "leased_until": None}


def save_change(row: Payment | Refund, **changes: Any) -> None:
    """Save these fields under the next version. The caller holds the payment's lock."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*changes, "version", "updated_at"])


def publish_payment(payment: Payment, fact: str, **data: JSON) -> None:
    with under_trace_of(payment.order):
        publish(
            f"payment.{fact}",
            subject=Subject("payment", payment.id, payment.version),
            store_id=payment.order.store_id,
            data={
                "order_id": str(payment.order_id),
                "store_id": str(payment.order.store_id),
                "provider": payment.provider,
                "amount": str(payment.amount),
                "currency": payment.currency,
                "captured_amount": str(payment.captured_amount),
                **data,
            },
        )


def publish_refund(refund: Refund, fact: str, **data: JSON) -> None:
    """Without its reason, which may be a person's words."""
    payment = refund.payment
    with under_trace_of(payment.order):
        publish(
            f"refund.{fact}",
            subject=Subject("refund", refund.id, refund.version),
            store_id=payment.order.store_id,
            data={
                "payment_id": str(payment.id),
                "order_id": str(payment.order_id),
                "store_id": str(payment.order.store_id),
                "amount": str(refund.amount),
                "currency": payment.captured_currency,
                **data,
            },
        )


def record_success(payment: Payment, **changes: Any) -> None:
    """The money is there and right, or taken as right by staff. The caller holds the payment's lock."""
    decided: dict[str, Any] = {"status": PaymentStatus.SUCCEEDED, "succeeded_at": timezone.now(), "failure_reason": ""}
    save_change(payment, **decided, **NO_LONGER_DUE, **changes)
    publish_payment(payment, "succeeded")


def record_failure(payment: Payment, *, reason: FailureReason, **changes: Any) -> None:
    """The caller holds the payment's lock."""
    save_change(payment, status=PaymentStatus.FAILED, failure_reason=reason, **NO_LONGER_DUE, **changes)
    publish_payment(payment, "failed", reason=reason)
