"""Every way in which paying can end: with the order paid, or with its goods and the money back where they were."""

import pytest
from django.utils import timezone

from operations.tests.contract.site import Json, Person, eventually
from operations.tests.contract.story import Shop, once_it_is, pay, placed, refunds_of
from operations.tests.sagas.story import (
    decide,
    facts,
    let_expire,
    once_asked,
    payment_in_review,
    payment_once_it_is,
)
from payments.models import SimulatedCallback
from payments.tests.factories import notice_body, post_webhook

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN_UP = ["payment.failed"]


def told_by_provider(payment: Json, **content: str) -> None:
    """A notice of the provider that nothing here has caused."""
    fields = {"event_id": f"evt_{payment['id']}", "amount": payment["amount"], **content}
    answer = post_webhook(notice_body(payment["id"], **fields))
    assert answer.status_code == 200, answer.content


def timeline(order: Json, person: Person) -> list[str]:
    return [entry["what"] for entry in person.results(f"orders/{order['id']}/timeline")][::-1]


def money(payment: Json, person: Person) -> tuple[str, str, str]:
    found = person.read(f"payments/{payment['id']}")
    return found["status"], found["captured_amount"], found["refunded_amount"]


def test_declined(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop, quantity=4)
    assert shop.stock == 6
    payment = pay(customer, order, "tok_declined")

    once_it_is("cancelled", order, customer)

    failed = payment_once_it_is("failed", payment, customer)
    assert (failed["failure_reason"], failed["captured_amount"], shop.stock) == ("declined", "0.00", 10)
    assert customer.results(f"payments/{payment['id']}/refunds") == []
    assert facts(order, "payment", "refund") == GIVEN_UP
    assert facts(order, "order") == ["order.created", "order.cancelled", "order.restocked"]


def test_timed_out(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop, quantity=4)
    payment = pay(customer, order, "tok_timeout")
    once_asked(payment)

    let_expire(order)

    once_it_is("cancelled", order, customer)

    failed = payment_once_it_is("failed", payment, customer)
    assert (failed["failure_reason"], shop.stock) == ("order_cancelled", 10)
    assert not SimulatedCallback.objects.filter(payment=payment["id"]).exists()
    assert facts(order, "order") == ["order.created", "order.cancelled", "order.expired", "order.restocked"]


def test_late_after_the_expiry(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_late")
    once_asked(payment)
    let_expire(order)
    payment_once_it_is("failed", payment, customer)

    assert SimulatedCallback.objects.filter(payment=payment["id"]).update(submit_at=timezone.now()) == 1

    (refund,) = refunds_of(payment, customer, count=1)

    assert (refund["amount"], shop.stock) == (order["total"], 10)
    assert timeline(order, customer) == ["created", "cancelled"]
    settled = customer.read(f"payments/{payment['id']}")
    assert (settled["status"], settled["captured_amount"], settled["refunded_amount"]) == (
        "succeeded",
        "12.50",
        "12.50",
    )
    assert facts(order, "payment", "refund") == [
        "payment.failed",
        "payment.succeeded",
        "refund.requested",
        "refund.succeeded",
    ]


def test_late_after_the_cancellation(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    customer.do(f"orders/{order['id']}/cancel", {"reason": "Too slow"})
    payment_once_it_is("failed", payment, customer)

    told_by_provider(payment)

    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], shop.stock, timeline(order, customer)) == ("12.50", 10, ["created", "cancelled"])


def test_late_and_of_a_wrong_amount(customer: Person, shop: Shop) -> None:
    """Whatever came goes back; nobody has to look at it first."""
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    customer.do(f"orders/{order['id']}/cancel", {"reason": "Too slow"})
    payment_once_it_is("failed", payment, customer)

    told_by_provider(payment, amount="99.00")

    (refund,) = refunds_of(payment, customer, count=1)
    assert money(payment, customer) == ("failed", "99.00", "99.00")
    assert refund["amount"] == "99.00"


def test_a_failure_told_after_the_order_expired_changes_nothing(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    customer.do(f"orders/{order['id']}/cancel", {"reason": "Too slow"})
    before = payment_once_it_is("failed", payment, customer), facts(order, "order", "payment", "refund"), shop.stock

    told_by_provider(payment, type="payment.failed")

    assert (
        customer.read(f"payments/{payment['id']}"),
        facts(order, "order", "payment", "refund"),
        shop.stock,
    ) == before


def test_a_wrong_amount_waits_for_staff_however_long(customer: Person, shop: Shop) -> None:
    other = placed(customer, shop)
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_wrong_amount")
    held = payment_in_review(payment, customer)
    let_expire(other)

    once_it_is("cancelled", other, customer)

    assert customer.read(f"orders/{order['id']}")["expires_at"] is None
    assert (held["status"], held["captured_amount"]) == ("pending", "13.50")
    assert customer.read(f"orders/{order['id']}")["status"] == "created"
    assert facts(order, "payment") == ["payment.review_needed"]


def test_a_wrong_amount_that_staff_accept(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_wrong_amount")
    payment_in_review(payment, customer)

    decide(f"payments/payment/{payment['id']}", "accept")

    assert once_it_is("paid", order, customer)["total"] == "12.50"
    accepted = customer.read(f"payments/{payment['id']}")
    assert (accepted["status"], accepted["captured_amount"]) == ("succeeded", "13.50")
    assert facts(order, "payment", "refund") == ["payment.review_needed", "payment.succeeded"]


def test_a_wrong_amount_that_staff_refuse(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_wrong_amount")
    payment_in_review(payment, customer)

    decide(f"payments/payment/{payment['id']}", "refuse")

    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], shop.stock, timeline(order, customer)) == ("13.50", 10, ["created", "cancelled"])
    assert customer.read(f"payments/{payment['id']}")["failure_reason"] == "review_refused"


def test_a_wrong_amount_whose_order_the_customer_cancels(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_wrong_amount")
    payment_in_review(payment, customer)

    customer.do(f"orders/{order['id']}/cancel", {"reason": "Enough"})

    (refund,) = refunds_of(payment, customer, count=1)
    settled = eventually(lambda: customer.read(f"payments/{payment['id']}"), lambda found: found["status"] == "failed")
    assert (refund["amount"], settled["failure_reason"]) == ("13.50", "order_cancelled")
