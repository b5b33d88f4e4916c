"""Money: every token with its real callbacks, forged ones, the shop's word, and refunds."""

import time
from typing import Any
from uuid import uuid4

import pytest

from operations.tests.contract.provider import notice, signature, tell
from operations.tests.contract.site import Json, Person, Site, eventually, refusal
from operations.tests.contract.story import Shop, once_it_is, paid, pay, placed, refunds_of


def test_success_pays_the_order(customer: Person, shop: Shop) -> None:
    order, payment = paid(customer, shop)
    assert (payment["status"], payment["captured_amount"]) == ("succeeded", order["total"])
    again = customer.post("payments", {"order_id": order["id"], "token": "tok_success"})
    assert (refusal(again), again.json()["payment_id"]) == ((409, "payment_exists"), payment["id"])


def test_a_declined_payment_cancels_the_order_and_returns_its_goods(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_declined")
    once_it_is("cancelled", order, customer)
    assert (customer.read(f"payments/{payment['id']}")["status"], shop.stock) == ("failed", 10)
    assert refusal(customer.post("payments", {"order_id": order["id"], "token": "tok_success"})) == (
        409,
        "order_not_payable",
    )


def test_a_duplicate_callback_pays_once(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    pay(customer, order, "tok_duplicate")
    once_it_is("paid", order, customer)
    assert [entry["what"] for entry in customer.results(f"orders/{order['id']}/timeline")] == ["paid", "created"]


def test_a_wrong_amount_is_not_paid_but_waits_for_review(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_wrong_amount")
    held = eventually(lambda: customer.read(f"payments/{payment['id']}"), lambda found: found["review_reason"] != "")
    order = customer.read(f"orders/{order['id']}")
    assert (held["status"], held["captured_amount"]) == ("pending", "13.50")
    assert (order["status"], order["expires_at"]) == ("created", None)

    customer.do(f"orders/{order['id']}/cancel", {"reason": "Enough"})
    (refund,) = refunds_of(payment, customer, count=1)
    assert refund["amount"] == "13.50"


def test_the_provider_is_believed_once_and_only_under_its_signature(site: Site, customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    body = notice(payment)
    now = int(time.time())
    for forged in ("t=1", f"t={now},v1={'0' * 64}", signature(body, secret="another"), signature(body + b" ")):
        assert refusal(tell(site, body, signed=forged)) == (401, "invalid_signature")
    for age_seconds in (301, -360):
        assert refusal(tell(site, body, signed=signature(body, age_seconds=age_seconds))) == (401, "stale_signature")
    assert refusal(tell(site, notice({**payment, "id": str(uuid4())}))) == (404, "payment_not_found")
    assert customer.read(f"orders/{order['id']}")["status"] == "created"

    assert tell(site, body, signed=signature(body, age_seconds=240)).status_code == 200
    version = customer.read(f"orders/{order['id']}")["version"]
    assert customer.read(f"orders/{order['id']}")["status"] == "paid"
    for repeated in (body, notice(payment), notice(payment, type="payment.failed")):
        assert tell(site, repeated).status_code == 200
    assert customer.read(f"orders/{order['id']}")["version"] == version


@pytest.mark.parametrize(
    "changes", [{"amount": 12.5}, {"type": "payment.exploded"}, {"extra": 1}, {"currency": "euro"}]
)
def test_a_signed_notice_is_read_strictly(site: Site, customer: Person, shop: Shop, changes: Json) -> None:
    payment = pay(customer, placed(customer, shop), "tok_timeout")
    assert refusal(tell(site, notice(payment, **changes))) == (400, "invalid_request")


def test_money_that_comes_after_the_cancellation_goes_back(site: Site, customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    customer.do(f"orders/{order['id']}/cancel", {"reason": "Too slow"})
    assert tell(site, notice(payment)).status_code == 200
    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], customer.read(f"orders/{order['id']}")["status"]) == ("12.50", "cancelled")


@pytest.mark.parametrize("announced", ["external", "online"])
def test_the_shops_word_pays_whether_or_not_it_was_announced(
    integrator: Person, customer: Person, admin: Person, announced: str
) -> None:
    order = _of_integrators_store(integrator, payment_method=announced)
    stated = {"order_id": order["id"], "provider": "external", "reference": "ch_1", "amount": order["total"]}
    assert refusal(admin.post("payments", stated)) == (403, "external_payment_refused")
    assert refusal(customer.post("payments", stated)) == (404, "order_not_found")

    assert integrator.do("payments", stated)["status"] == "succeeded"
    found = integrator.read(f"orders/{order['id']}")
    assert (found["status"], found["payment_method"]) == ("paid", "external")


def test_another_amount_in_the_shops_word_waits_for_review(integrator: Person) -> None:
    order = _of_integrators_store(integrator, payment_method="external")
    stated = {"order_id": order["id"], "provider": "external", "reference": "ch_1", "amount": "0.01"}
    payment = integrator.do("payments", stated)
    assert (payment["status"], payment["review_reason"] != "") == ("pending", True)
    assert integrator.read(f"orders/{order['id']}")["status"] == "created"


def _of_integrators_store(integrator: Person, **fields: Any) -> Json:
    """Integrators sell for their own stores only, which the seeded ones are."""
    (store, *_) = integrator.results("stores", search="Berlin")
    (product, *_) = integrator.results("products", store=store["id"])
    found = Shop(store["id"], product["id"], staff=integrator)
    return placed(integrator, found, **fields)


@pytest.mark.parametrize("method", ["cash", "external"])
def test_what_is_paid_otherwise_is_not_charged(customer: Person, shop: Shop, method: str) -> None:
    order = placed(customer, shop, payment_method=method)
    answer = customer.post("payments", {"order_id": order["id"], "token": "tok_success"})
    assert refusal(answer) == (409, "payment_method_mismatch")


def test_refunds_never_pass_what_was_captured(customer: Person, shop: Shop) -> None:
    _, payment = paid(customer, shop)
    path = f"payments/{payment['id']}/refunds"
    assert shop.staff.do(path, {"amount": "5.00", "reason": "Cold"})["payment_id"] == payment["id"]
    beyond = shop.staff.post(path, {"amount": "7.51", "reason": "Cold"})
    assert (refusal(beyond), beyond.json()["refundable"]) == ((409, "refund_exceeds_captured"), "7.50")
    assert refusal(customer.post(path, {"amount": "1.00", "reason": "Please"})) == (403, "refund_not_allowed")
    for amount in ("0.00", "-1.00", "0.001", 1):
        assert refusal(shop.staff.post(path, {"amount": amount, "reason": "Cold"})) == (400, "invalid_request")
    shop.staff.do(path, {"amount": "7.50", "reason": "Cold"})
    refunds_of(payment, customer, count=2)
    assert customer.read(f"payments/{payment['id']}")["refunded_amount"] == "12.50"
