"""Payments against each other, against expiry and against other workers; each with its control."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from api.tests.waiting import PATIENCE_SECONDS, at_once
from catalog.models import Product
from events.services.relaying import relay
from orders.models import Order
from orders.services import expiry
from orders.services.expiry import expire_due_orders
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_product
from payments import locks
from payments.models import OutboundWork, Payment, Provider, Refund
from payments.providers import registry
from payments.services import starting, submitting
from payments.services.settling import Outcome
from payments.services.submitting import submit_due
from payments.tests.factories import PAYMENTS, make_payment, make_submitted_payment, take

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

CLIENTS = 10


def token_of(user: User) -> str:
    token = AccessToken.for_user(user)
    token["scope"] = " ".join(sorted(user.scopes))
    return str(token)


def pay(live_server: LiveServer, order: Order, token: str) -> httpx.Response:
    return httpx.post(
        f"{live_server.url}{PAYMENTS}",
        json={"order_id": str(order.id), "token": "tok_success"},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())},
        timeout=PATIENCE_SECONDS,
    )


def reading_together(readers: int) -> Any:
    """`lock_order` without its lock: everybody has read before anybody goes on."""
    all_have_read = threading.Barrier(readers)

    def read(order_id: UUID) -> Order:
        order = Order.objects.select_related("store").get(id=order_id)
        all_have_read.wait(PATIENCE_SECONDS)
        return order

    return read


@contextmanager
def without_constraint() -> Iterator[None]:
    """The database as it would be without `payment_one_live_per_order`."""
    (constraint,) = [each for each in Payment._meta.constraints if each.name == "payment_one_live_per_order"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Payment, constraint)
    try:
        yield
    finally:
        Payment.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Payment, constraint)


def test_of_many_payments_for_one_order_at_once_one_is_started(live_server: LiveServer) -> None:
    order = make_order()
    token = token_of(order.placed_by)

    answers = at_once([partial(pay, live_server, order, token)] * CLIENTS)

    payment = Payment.objects.get()
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: CLIENTS - 1}
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(problem["code"], problem["payment_id"]) for problem in refusals} == {("payment_exists", str(payment.id))}


def test_without_the_lock_the_constraint_stands_in_the_way(live_server: LiveServer) -> None:
    """The control: the loser is told of an error of ours, not of the payment that exists."""
    order = make_order()
    token = token_of(order.placed_by)

    with patch.object(starting, "lock_order", reading_together(2)):
        answers = at_once([partial(pay, live_server, order, token)] * 2)

    assert sorted(answer.status_code for answer in answers) == [201, 500]
    assert Payment.objects.count() == 1


def test_without_lock_and_constraint_an_order_has_two_live_payments(live_server: LiveServer) -> None:
    order = make_order()
    token = token_of(order.placed_by)

    with without_constraint():
        with patch.object(starting, "lock_order", reading_together(2)):
            answers = at_once([partial(pay, live_server, order, token)] * 2)

        assert [answer.status_code for answer in answers] == [201, 201]
        assert Payment.objects.filter(order=order).live().count() == 2


def expired(payment: Payment) -> Payment:
    Order.objects.filter(id=payment.order_id).update(expires_at=timezone.now() - timedelta(seconds=1))
    return payment


def test_expiry_against_payment_ends_paid_or_refunded() -> None:
    product = make_product(stock=CLIENTS)
    payments = [expired(make_submitted_payment(order=make_order(product=product))) for _ in range(CLIENTS)]

    at_once([*(partial(take, payment) for payment in payments), expire_due_orders, expire_due_orders])
    relay()

    for payment in payments:
        payment.refresh_from_db()
        assert payment.status == "succeeded"
        refunded = [refund.amount for refund in Refund.objects.filter(payment=payment)]
        assert (payment.order.status, refunded) in [
            (OrderStatus.PAID, []),
            (OrderStatus.CANCELLED, [payment.captured_amount]),
        ]
    paid = Order.objects.filter(status=OrderStatus.PAID).count()
    assert Product.objects.get(id=product.id).stock == CLIENTS - paid


def test_without_the_lock_expiry_and_payment_collide(caplog: pytest.LogCaptureFixture) -> None:
    """The control: both find the order created; whoever writes second fails, and with it the money or the expiry.

    The webhook's failure is raised, the sweep's is logged.
    """
    payment = expired(make_submitted_payment())
    failures: list[BaseException] = []

    def surviving(work: Any) -> Any:
        try:
            return work()
        except IntegrityError as error:
            failures.append(error)
            return None

    read = reading_together(2)
    with patch.object(locks, "lock_order", read), patch.object(expiry, "lock_order", read):
        at_once([partial(surviving, partial(take, payment)), partial(surviving, expire_due_orders)])

    failures += [record.exc_info[1] for record in caplog.records if record.exc_info and record.exc_info[1]]
    assert len(failures) == 1
    assert "timeline_one_entry_per_version" in str(failures[0])


def test_many_workers_hand_each_charge_over_once() -> None:
    payments = [make_payment() for _ in range(20)]
    charged: list[UUID] = []

    with patch.object(
        registry._PROVIDERS[Provider.SIMULATED], "charge", lambda request: charged.append(request.payment_id)
    ):
        at_once([submit_due] * 8)

    assert sorted(charged) == sorted(payment.id for payment in payments)
    assert set(Payment.objects.values_list("submit_at", "leased_until", "submit_attempts")) == {(None, None, 1)}


def test_without_the_claim_two_workers_hand_over_the_same_charge() -> None:
    """The control: both look before either has asked the provider."""
    payment = make_payment()
    both_looked = threading.Barrier(2)
    charged: list[UUID] = []

    def look_only(queue: Any) -> OutboundWork | None:
        found: OutboundWork | None = queue.filter(submit_at__isnull=False).first()
        both_looked.wait(PATIENCE_SECONDS)
        return found

    with (
        patch.object(submitting, "claim_due", look_only),
        patch.object(
            registry._PROVIDERS[Provider.SIMULATED], "charge", lambda request: charged.append(request.payment_id)
        ),
    ):
        at_once([submitting.submit_next_charge] * 2)

    assert charged == [payment.id, payment.id]


def test_a_repeated_submission_and_its_notice_agree() -> None:
    """The answer of the provider may overtake the end of the call that asked for it."""
    payment = make_payment()

    results = at_once([partial(take, payment), submit_due])

    payment.refresh_from_db()
    assert results[0] == Outcome.PAID
    assert (payment.status, payment.submit_at, payment.leased_until) == ("succeeded", None, None)
