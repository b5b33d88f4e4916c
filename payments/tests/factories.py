"""Rows and signed notices to tell a payment's story with; the apps above use them too."""

import json
import time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.test import Client

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from orders.models import Order
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_user
from payments.models import Payment, Provider
from payments.providers.base import NoticeType, ProviderNotice
from payments.providers.signatures import signature_of
from payments.services.settling import Outcome, settle
from payments.services.starting import start_online_payment, state_external_payment
from payments.services.submitting import submit_due

PAYMENTS = "/api/v2/payments"
WEBHOOK = f"{PAYMENTS}/webhooks/simulated"


def staff() -> Actor:
    return Actor.of(make_user(Role.DISPATCHER))


def make_payment(*, token: str = "tok_success", order: Order | None = None, payer: User | None = None) -> Payment:
    """Started and not yet handed to the provider."""
    order = order or make_order(customer=payer)
    actor = Actor.of(payer or order.placed_by)
    return start_online_payment(order.id, token=token, actor=actor, notify_url=f"http://testserver{WEBHOOK}")


def make_submitted_payment(**fields: Any) -> Payment:
    """With the provider, whose answer is awaited."""
    payment = make_payment(**fields)
    submit_due()
    payment.refresh_from_db()
    return payment


def make_captured_payment(**fields: Any) -> Payment:
    """Succeeded, its order paid."""
    payment = make_submitted_payment(**fields)
    assert take(payment) == Outcome.PAID
    payment.refresh_from_db()
    return payment


def make_payment_in_review(*, captured: str = "6.00", **fields: Any) -> Payment:
    payment = make_submitted_payment(**fields)
    assert take(payment, amount=Decimal(captured)) == Outcome.IN_REVIEW
    payment.refresh_from_db()
    return payment


def make_external_payment(*, integrator: User | None = None, amount: str | None = None) -> Payment:
    order = make_order(payment_method=PaymentMethod.EXTERNAL)
    integrator = integrator or make_user(Role.INTEGRATOR, stores=(order.store,))
    stated = order.total if amount is None else Decimal(amount)
    return state_external_payment(order.id, reference="shop-1", amount=stated, actor=Actor.of(integrator))


def make_notice(payment: Payment, **fields: Any) -> ProviderNotice:
    told = {"type": NoticeType.SUCCEEDED, "amount": payment.amount, "currency": payment.currency}
    return ProviderNotice(**{"event_id": f"evt_{uuid4().hex}", "payment_id": payment.id, **told, **fields})


def take(payment: Payment, **fields: Any) -> Outcome:
    return settle(make_notice(payment, **fields), provider=Provider.SIMULATED)


def notice_body(payment_id: UUID, /, **fields: Any) -> bytes:
    told = {"event_id": "evt_1", "type": "payment.succeeded", "amount": "5.00", "currency": "EUR"}
    return json.dumps({"payment_id": str(payment_id), **told, **fields}).encode()


def signed(body: bytes, *, secret: str | None = None, at: float | None = None) -> str:
    moment = time.time() if at is None else at
    return signature_of(body, secret=secret or settings.SIMULATED_PROVIDER_SECRET, at=int(moment))


def post_webhook(body: bytes, *, signature: str | None = None) -> Any:
    """As the provider does it; `signature` replaces the right one."""
    header = signed(body) if signature is None else signature
    return Client().post(WEBHOOK, body, content_type="application/json", headers={"X-Signature": header})
