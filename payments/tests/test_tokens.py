"""Each test token from the customer's request to its end: real HTTP in between, as in the running system."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.roles import Role
from catalog.models import Product
from events.services.relaying import relay
from orders.models import Order
from orders.services.expiry import expire_due_orders
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_product, make_user
from payments.models import Payment, ProviderEvent, Refund, SimulatedCallback
from payments.tasks import send_due_callbacks, submit_due
from payments.tests.conftest import ClientFor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reachable(live_server: LiveServer, settings: Any) -> None:
    settings.INTERNAL_URL = live_server.url


def pay(order: Order, token: str, client_for: ClientFor) -> Payment:
    """The customer's request, then what worker and beat do until nothing is due."""
    response = client_for(order.placed_by).post(
        "/api/v2/payments",
        {"order_id": str(order.id), "token": token},
        format="json",
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert response.status_code == 201
    work()
    return Payment.objects.select_related("order").get(id=response.json()["id"])


def work() -> None:
    submit_due()
    send_due_callbacks()
    relay()
    submit_due()
    relay()


def test_tok_success_pays(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_success", client_for)

    assert (payment.status, payment.order.status) == ("succeeded", OrderStatus.PAID)
    assert SimulatedCallback.objects.get().answered_at is not None


def test_tok_declined_cancels_and_returns_the_goods(client_for: ClientFor) -> None:
    product = make_product(stock=10)

    payment = pay(make_order(product=product, quantity=4), "tok_declined", client_for)

    assert (payment.status, payment.failure_reason) == ("failed", "declined")
    assert payment.order.status == OrderStatus.CANCELLED
    assert Product.objects.get(id=product.id).stock == 10
    assert not Refund.objects.exists()


def test_tok_timeout_waits_until_the_order_expires(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_timeout", client_for)
    assert (payment.status, payment.order.status) == ("pending", OrderStatus.CREATED)

    expire(payment.order)
    work()

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == ("failed", "order_cancelled")
    assert payment.order.status == OrderStatus.CANCELLED


def test_tok_duplicate_pays_once(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_duplicate", client_for)

    assert (payment.status, payment.order.status) == ("succeeded", OrderStatus.PAID)
    assert SimulatedCallback.objects.filter(answered_at__isnull=False).count() == 2
    assert ProviderEvent.objects.count() == 1
    assert payment.order.timeline.filter(what="paid").count() == 1


def test_tok_late_is_refunded(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_late", client_for)
    assert (payment.status, payment.order.status) == ("pending", OrderStatus.CREATED)

    expire(payment.order)
    work()
    payment.refresh_from_db()
    assert payment.status == "failed"
    SimulatedCallback.objects.update(submit_at=timezone.now())
    work()

    payment.refresh_from_db()
    assert (payment.status, payment.captured_amount) == ("succeeded", Decimal("5.00"))
    assert payment.order.status == OrderStatus.CANCELLED
    refund = Refund.objects.get()
    assert (refund.amount, refund.status) == (Decimal("5.00"), "succeeded")


def test_tok_wrong_amount_waits_for_review(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_wrong_amount", client_for)

    assert (payment.status, payment.captured_amount) == ("pending", Decimal("6.00"))
    assert payment.review_reason == "captured 6.00 EUR instead of 5.00 EUR"
    assert payment.order.status == OrderStatus.CREATED


def test_a_cancelled_paid_order_gives_the_money_back(client_for: ClientFor) -> None:
    payment = pay(make_order(), "tok_success", client_for)
    client = client_for(make_user(Role.DISPATCHER))

    answer = client.post(f"/api/v2/orders/{payment.order_id}/cancel", {"reason": "sold out"}, format="json")
    work()

    assert answer.status_code == 200
    shown = client.get(f"/api/v2/payments/{payment.id}").json()
    assert (shown["status"], shown["refunded_amount"]) == ("succeeded", "5.00")


def test_the_webhook_is_where_the_provider_calls(live_server: LiveServer) -> None:
    response = httpx.post(f"{live_server.url}/api/v2/payments/webhooks/simulated", content=b"{}")

    assert response.status_code == 401


def expire(order: Order) -> None:
    Order.objects.filter(id=order.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_due_orders() == 1
