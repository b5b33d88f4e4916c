"""The same request under the same key has one effect and one answer."""

from functools import partial
from uuid import uuid4

import pytest

from api.tests.waiting import at_once
from operations.tests.contract.conftest import BOTH_DATABASES
from operations.tests.contract.site import Person, Site, refusal
from operations.tests.contract.story import Shop, basket, confirmed, new_courier

pytestmark = BOTH_DATABASES


def test_the_first_answer_comes_again(customer: Person, shop: Shop) -> None:
    key, body = str(uuid4()), basket(shop)
    first = customer.post("orders", body, key=key)
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)

    for same_key in (key, f'"{key}"'):
        again = customer.post("orders", body, key=same_key)
        assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
        assert (again.headers["ETag"], again.headers["Location"]) == ('"1"', first.headers["Location"])
    assert shop.stock == 9


def test_another_request_needs_another_key(customer: Person, shop: Shop) -> None:
    key = str(uuid4())
    customer.post("orders", basket(shop), key=key)
    assert refusal(customer.post("orders", basket(shop, quantity=2), key=key)) == (409, "idempotency_key_reused")
    assert shop.stock == 9


def test_a_key_belongs_to_whoever_sent_it(customer: Person, admin: Person, shop: Shop) -> None:
    key = str(uuid4())
    ids = {person.post("orders", basket(shop), key=key).json()["id"] for person in (customer, admin)}
    assert (len(ids), shop.stock) == (2, 8)


@pytest.mark.parametrize("path", ["orders", "payments"])
def test_orders_and_payments_need_one(customer: Person, path: str) -> None:
    assert refusal(customer.call("POST", path, json={})) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", [b"x" * 256, b"two words", "schlüssel".encode(), "schlüssel".encode("latin-1")])
def test_a_malformed_key_is_refused(site: Site, customer: Person, shop: Shop, key: bytes) -> None:
    bearer = f"Bearer {customer.tokens['access_token']}".encode()
    headers = [(b"Authorization", bearer), (b"Idempotency-Key", key)]
    answer = site.http.post("/api/v2/orders", headers=headers, json=basket(shop))
    assert refusal(answer) == (400, "idempotency_key_invalid")
    assert shop.stock == 10


def test_a_refusal_comes_again_although_it_would_not_be_refused_now(customer: Person, shop: Shop) -> None:
    key, body = str(uuid4()), basket(shop, quantity=11)
    first = customer.post("orders", body, key=key)
    assert refusal(first) == (409, "insufficient_stock")
    shop.staff.do(f"products/{shop.product_id}/stock", {"delta": 5, "reason": "received"})

    again = customer.post("orders", body, key=key)
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (409, first.json(), "true")
    assert shop.stock == 15


def test_what_only_the_caller_can_mend_is_not_kept(customer: Person, shop: Shop, courier: Person) -> None:
    order, key = confirmed(customer, shop), str(uuid4())
    accept = f"orders/{order['id']}/accept"
    stale = courier.post(accept, key=key, **{"If-Match": '"1"'})
    assert refusal(stale) == (412, "precondition_failed")

    answer = courier.post(accept, key=key, **{"If-Match": stale.headers["ETag"]})
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (200, False)
    assert refusal(customer.post(accept, key=key)) == (403, "insufficient_scope")
    assert "Idempotent-Replayed" not in customer.post(accept, key=key).headers


def test_twins_at_the_same_moment_have_one_effect(customer: Person, shop: Shop) -> None:
    key = str(uuid4())
    answers = at_once([lambda: customer.post("orders", basket(shop), key=key)] * 8)
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert [answer for answer in answers if answer not in made and "Retry-After" not in answer.headers] == []
    assert shop.stock == 9


def test_buyers_at_the_same_moment_never_oversell(customer: Person, shop: Shop) -> None:
    answers = at_once([lambda: customer.post("orders", basket(shop, quantity=3)) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"insufficient_stock"}
    assert shop.stock == 1


def test_couriers_at_the_same_moment_never_share_an_order(
    customer: Person, shop: Shop, dispatcher: Person, admin: Person
) -> None:
    order = confirmed(customer, shop)
    couriers = [new_courier(dispatcher, admin) for _ in range(4)]
    answers = at_once([partial(courier.post, f"orders/{order['id']}/accept") for courier in couriers])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"order_already_assigned"}
