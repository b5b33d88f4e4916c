"""A provider that lives in this installation and behaves like one outside: it answers later, over HTTP, signed.

What it does with a payment is written on the test token.
"""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone
from rest_framework import serializers

from api.parsers import StrictJSONParser
from api.serializers import MoneyField, StrictSerializer, shared
from api.transactions import transactional
from api.waking import wake
from payments.models import SimulatedCallback
from payments.providers.base import ChargeRequest, NoticeType, ProviderNotice, RefundOutcome, RefundRequest
from payments.providers.signatures import HEADER, verify_signature

WRONG_BY: Final = Decimal("1.00")


class SimulatedToken(TextChoices):
    SUCCESS = "tok_success", "Succeeds"
    DECLINED = "tok_declined", "Is declined"
    TIMEOUT = "tok_timeout", "Never calls back"
    DUPLICATE = "tok_duplicate", "Succeeds and calls back twice"
    LATE = "tok_late", "Succeeds after the order has expired"
    WRONG_AMOUNT = "tok_wrong_amount", "Takes another amount than was asked for"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    notice: NoticeType = NoticeType.SUCCEEDED
    callbacks: int = 1
    wrong_by: Decimal = Decimal(0)
    late: bool = False


BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    SimulatedToken.SUCCESS: Behaviour(),
    SimulatedToken.DECLINED: Behaviour(notice=NoticeType.FAILED),
    SimulatedToken.TIMEOUT: Behaviour(callbacks=0),
    SimulatedToken.DUPLICATE: Behaviour(callbacks=2),
    SimulatedToken.LATE: Behaviour(late=True),
    SimulatedToken.WRONG_AMOUNT: Behaviour(wrong_by=WRONG_BY),
}


class SimulatedNotice(StrictSerializer):
    """The body of the simulated provider's webhook."""

    example: ClassVar = {
        "event_id": "evt_1001",
        "type": "payment.succeeded",
        "payment_id": "0199f3a6-1c5e-7b39-9d42-6f0c2a8e5b17",
        "amount": "25.00",
        "currency": "EUR",
    }

    event_id = serializers.CharField(max_length=128)
    type = serializers.ChoiceField([str(kind) for kind in NoticeType])
    payment_id = serializers.UUIDField()
    amount = MoneyField()
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", max_length=3)


class SimulatedProvider:
    @transactional
    def charge(self, request: ChargeRequest) -> None:
        """Writes down which callbacks it owes; a payment charged before owes no new ones."""
        behaviour = BEHAVIOURS[request.token]
        body = _body(request, behaviour)
        due_at = _late(request) if behaviour.late else timezone.now()
        owed = [
            SimulatedCallback(payment_id=request.payment_id, ordinal=ordinal, body=body, submit_at=due_at)
            for ordinal in range(1, behaviour.callbacks + 1)
        ]
        SimulatedCallback.objects.bulk_create(owed, ignore_conflicts=True)
        wake("payments.send_due_callbacks")

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Its purse is bottomless, and it keeps no account that a repetition could empty twice."""
        return RefundOutcome(succeeded=True)

    def parse_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> ProviderNotice:
        secret = settings.SIMULATED_PROVIDER_SECRET
        verify_signature(headers.get(HEADER), raw_body, secret=secret, now=time.time())
        given = shared(SimulatedNotice).validated(StrictJSONParser().parse(io.BytesIO(raw_body)))
        return ProviderNotice(**{**given, "type": NoticeType(given["type"])})


def _late(request: ChargeRequest) -> datetime:
    return (request.order_expires_at or timezone.now()) + timedelta(seconds=settings.SIMULATED_LATE_SECONDS)


def _body(request: ChargeRequest, behaviour: Behaviour) -> str:
    """One event per payment, so that its second callback repeats the first."""
    return json.dumps(
        {
            "event_id": f"sim_{request.payment_id.hex}",
            "type": behaviour.notice,
            "payment_id": str(request.payment_id),
            "amount": str(request.amount + behaviour.wrong_by),
            "currency": request.currency,
        }
    )
