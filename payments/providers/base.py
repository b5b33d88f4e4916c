"""What the platform asks of whoever moves the money. Nothing here or behind it is called inside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ProviderUnavailable(Exception):
    """The provider gave no answer to rely on. Asking again later is safe, because every call is idempotent."""


@dataclass(frozen=True, kw_only=True)
class ChargeRequest:
    """`order_expires_at` is how long the payer has; None where the order waits for ever."""

    payment_id: UUID
    amount: Decimal
    currency: str
    token: str
    order_expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RefundRequest:
    refund_id: UUID
    payment_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundOutcome:
    """The provider's final word; a refusal says why, in words that may be shown to staff."""

    succeeded: bool
    failure_reason: str = ""


class NoticeType(StrEnum):
    SUCCEEDED = "payment.succeeded"
    FAILED = "payment.failed"


@dataclass(frozen=True, kw_only=True)
class ProviderNotice:
    """What a webhook says, once its signature is found good."""

    event_id: str
    type: NoticeType
    payment_id: UUID
    amount: Decimal
    currency: str


class PaymentProvider(Protocol):
    def charge(self, request: ChargeRequest) -> None:
        """Ask for the money; how it ends comes by webhook. Repeating it for the same payment charges nothing again.

        Raises ProviderUnavailable.
        """
        ...

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give money back. Repeating it for the same refund gives nothing again. Raises ProviderUnavailable."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> ProviderNotice:
        """Raises InvalidSignature, StaleSignature, and DRF's ParseError or ValidationError for what it cannot read."""
        ...
