"""Notices at once, through HTTP: one effect. The controls take the lock away and show the second one."""

import threading
from collections import Counter
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from api.tests.waiting import PATIENCE_SECONDS, at_once
from catalog.models import Product
from orders.models import TimelineEntry
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_product
from payments.models import Payment, ProviderEvent, Refund
from payments.providers.base import ProviderNotice
from payments.services import settling
from payments.tests.conftest import published
from payments.tests.factories import WEBHOOK, make_submitted_payment, notice_body, signed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

TWINS = 20


def deliver(live_server: LiveServer, body: bytes) -> httpx.Response:
    headers = {"X-Signature": signed(body), "Content-Type": "application/json"}
    return httpx.post(f"{live_server.url}{WEBHOOK}", content=body, headers=headers, timeout=PATIENCE_SECONDS)


def outcomes(answers: list[httpx.Response]) -> Counter[Any]:
    return Counter(answer.json().get("outcome", answer.status_code) for answer in answers)


def without_lock(readers: int) -> Any:
    """Payment and order as `lock_with_order` gives them, but read by all before anybody goes on."""
    all_have_read = threading.Barrier(readers)

    def read(payment_id: UUID) -> Payment:
        payment = Payment.objects.select_related("order__store").get(id=payment_id)
        all_have_read.wait(PATIENCE_SECONDS)
        return payment

    return patch.object(settling, "lock_with_order", read)


def without_memory() -> Any:
    """Every notice taken as if its event had not come before."""

    def take(notice: ProviderNotice, payment: Payment) -> ProviderEvent:
        return ProviderEvent(event_id=f"{notice.event_id}{threading.get_ident()}", provider=payment.provider)

    return patch.multiple(settling, _take=take)


def test_twenty_identical_deliveries_have_one_effect(live_server: LiveServer) -> None:
    payment = make_submitted_payment()

    answers = at_once([partial(deliver, live_server, notice_body(payment.id))] * TWINS)

    assert {answer.status_code for answer in answers} == {200}
    assert outcomes(answers) == {"paid": 1, "repeated": TWINS - 1}
    assert ProviderEvent.objects.count() == 1
    assert TimelineEntry.objects.filter(what="paid").count() == 1
    assert len(published("payment.succeeded")) == len(published("order.paid")) == 1


def test_twenty_identical_failures_return_the_goods_once(live_server: LiveServer) -> None:
    product = make_product(stock=10)
    payment = make_submitted_payment(order=make_order(product=product, quantity=4))

    answers = at_once([partial(deliver, live_server, notice_body(payment.id, type="payment.failed"))] * TWINS)

    assert outcomes(answers) == {"failed": 1, "repeated": TWINS - 1}
    assert Product.objects.get(id=product.id).stock == 10


def test_twenty_different_events_for_one_charge_have_one_effect(live_server: LiveServer) -> None:
    """The event's id cannot help here: only the lock does."""
    payment = make_submitted_payment()
    bodies = [notice_body(payment.id, event_id=f"evt_{number}") for number in range(TWINS)]

    answers = at_once([partial(deliver, live_server, body) for body in bodies])

    assert outcomes(answers) == {"paid": 1, "ignored": TWINS - 1}
    assert len(published("payment.succeeded")) == len(published("order.paid")) == 1


def test_one_event_id_for_two_payments_counts_once(live_server: LiveServer) -> None:
    """Two payments have two locks: the unique event id holds the second one back."""
    payments = [make_submitted_payment() for _ in range(TWINS)]

    answers = at_once([partial(deliver, live_server, notice_body(payment.id)) for payment in payments])

    assert outcomes(answers) == {"paid": 1, "repeated": TWINS - 1}
    assert Payment.objects.filter(status="succeeded").count() == 1


def test_success_and_failure_at_once_end_in_one_of_two_ways(live_server: LiveServer) -> None:
    payment = make_submitted_payment()
    told = [{"event_id": "evt_1"}, {"event_id": "evt_2", "type": "payment.failed"}]

    answers = at_once([partial(deliver, live_server, notice_body(payment.id, **fields)) for fields in told])

    payment.refresh_from_db()
    assert payment.status == "succeeded"
    if payment.order.status == OrderStatus.PAID:
        assert outcomes(answers) == {"paid": 1, "ignored": 1}
        assert not Refund.objects.exists()
    else:
        assert payment.order.status == OrderStatus.CANCELLED
        assert outcomes(answers) == {"failed": 1, "refunded": 1}
        assert Refund.objects.get().amount == payment.captured_amount


def test_without_lock_and_memory_twins_both_pay(live_server: LiveServer) -> None:
    """The control: both find the payment open, and only the constraint on the timeline stops the second."""
    payment = make_submitted_payment()

    with without_lock(2), without_memory(), patch.object(ProviderEvent, "save"):
        answers = at_once([partial(deliver, live_server, notice_body(payment.id))] * 2)

    assert outcomes(answers) == {"paid": 1, 500: 1}


def test_without_the_lock_money_for_a_payment_that_fails_meanwhile_is_lost(live_server: LiveServer) -> None:
    """The control: neither notice knows of the other, so one of them is answered with an error."""
    payment = make_submitted_payment()
    told = [{"event_id": "evt_1"}, {"event_id": "evt_2", "type": "payment.failed"}]

    with without_lock(2):
        answers = at_once([partial(deliver, live_server, notice_body(payment.id, **fields)) for fields in told])

    assert sorted(answer.status_code for answer in answers) == [200, 500]


def test_without_the_unique_event_id_two_payments_take_one_event(live_server: LiveServer) -> None:
    """The control: the second one looks before the first has committed."""
    payments = [make_submitted_payment(), make_submitted_payment()]

    with without_memory(), patch.object(ProviderEvent, "save"):
        answers = at_once([partial(deliver, live_server, notice_body(payment.id)) for payment in payments])

    assert outcomes(answers) == {"paid": 2}
