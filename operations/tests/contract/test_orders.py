"""Placing, changing and cancelling: every refusal, and that nothing came of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from operations.tests.contract.site import Json, Person, refusal
from operations.tests.contract.story import (
    ADA,
    DOOR,
    Shop,
    basket,
    confirmed,
    newcomer,
    once_it_is,
    open_shop,
    paid,
    pay,
    placed,
    refunds_of,
)

FAR_AWAY = {"address": "Paris", "latitude": 48.85, "longitude": 2.35}
FIELDS = {
    "id", "number", "status", "version", "store_id", "currency", "items", "items_total", "charges", "total",
    "payment_method", "dropoff", "contact", "tracking_url", "created_at", "updated_at", "expires_at",
    "estimated_ready_at", "ready_at", "allowed_transitions",
}  # fmt: skip


def test_an_order_shows_what_it_costs_and_what_may_become_of_it(customer: Person, admin: Person) -> None:
    shop = open_shop(admin, delivery_base_fee="2.00")
    order = placed(customer, shop, quantity=2, tip="1.50", note="Ring", external_id=f"shop-{uuid4()}")
    assert order.keys() >= FIELDS
    line = {"product_id": shop.product_id, "name": "Tea", "unit_price": "12.50", "quantity": 2, "line_total": "25.00"}
    assert order["items"] == [line]
    assert order["charges"] == [{"kind": "delivery", "amount": "2.00"}, {"kind": "tip", "amount": "1.50"}]
    assert (order["items_total"], order["total"], order["currency"]) == ("25.00", "28.50", "EUR")
    assert (order["dropoff"], order["contact"], order["note"]) == (DOOR, ADA, "Ring")
    assert customer.site.http.get(order["tracking_url"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"dropoff": None}, "/dropoff"),
        ({"dropoff": {**DOOR, "latitude": "52.52"}}, "/dropoff/latitude"),
        ({"contact": {"phone": "1"}}, "/contact/name"),
        ({"tip": 1.5}, "/tip"),
        ({"tip": "-1.00"}, "/tip"),
        ({"expected_total": 12.5}, "/expected_total"),
        ({"payment_method": "barter"}, "/payment_method"),
        ({"note": "a\0b"}, "/note"),
        ({"coupon": "FREE"}, "/coupon"),
        ({"total": "0.01"}, "/total"),
    ],
)
def test_a_malformed_order_is_refused_at_its_place(customer: Person, shop: Shop, changes: Json, pointer: str) -> None:
    answer = customer.post("orders", basket(shop, **changes))
    assert refusal(answer) == (400, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert shop.stock == 10


@pytest.mark.parametrize("quantity", [0, -1, "2", 1.5, True, None, 10**20])
def test_a_quantity_is_a_positive_whole_number(customer: Person, shop: Shop, quantity: Any) -> None:
    answer = customer.post("orders", basket(shop, quantity=quantity))
    assert refusal(answer) == (400, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/items/0/quantity"]


@pytest.mark.parametrize("quantity", [11, 1_000_000])
def test_short_stock_names_the_product_and_what_is_left(customer: Person, shop: Shop, quantity: int) -> None:
    answer = customer.post("orders", basket(shop, quantity=quantity))
    assert refusal(answer) == (409, "insufficient_stock")
    (error,) = answer.json()["errors"]
    assert (error["product_id"], error["available"]) == (shop.product_id, 10)
    assert shop.stock == 10


def test_a_basket_comes_from_one_store_and_has_only_what_is_sold(customer: Person, shop: Shop, admin: Person) -> None:
    both = [{"product_id": found.product_id, "quantity": 1} for found in (shop, open_shop(admin))]
    assert refusal(customer.post("orders", basket(shop, items=both))) == (409, "several_stores")
    assert admin.call("DELETE", f"products/{shop.product_id}").status_code == 204
    assert refusal(customer.post("orders", basket(shop))) == (409, "product_unavailable")
    assert refusal(customer.get(f"products/{shop.product_id}")) == (404, "product_not_found")
    assert shop.staff.read(f"products/{shop.product_id}")["is_active"] is False


def test_a_store_that_is_paused_closed_or_too_far_says_so(customer: Person, admin: Person) -> None:
    there = datetime.now(ZoneInfo("Pacific/Kiritimati"))
    day_after_tomorrow = {"weekday": (there + timedelta(days=2)).weekday(), "opens": "09:00", "closes": "10:00"}
    all_day = [{"weekday": weekday, "opens": "00:00", "closes": "00:00"} for weekday in range(7)]
    paused = open_shop(admin, is_paused=True)
    closed = open_shop(admin, time_zone="Pacific/Kiritimati", opening_hours=[day_after_tomorrow])
    near = open_shop(admin, time_zone="Pacific/Kiritimati", opening_hours=all_day, delivery_radius_m=5_000)

    for shop, reason in ((paused, "paused"), (closed, "closed")):
        answer = customer.post("orders", basket(shop))
        assert (refusal(answer), answer.json()["reason"]) == ((409, "store_closed"), reason)
    assert refusal(customer.post("orders", basket(near, dropoff=FAR_AWAY))) == (409, "outside_delivery_area")
    assert placed(customer, near)["status"] == "created"


def test_a_total_that_no_longer_fits_is_refused_with_the_new_one(customer: Person, shop: Shop) -> None:
    answer = customer.post("orders", basket(shop, expected_total="12.00"))
    assert (refusal(answer), answer.json()["total"]) == ((409, "total_changed"), "12.50")
    assert placed(customer, shop, expected_total=answer.json()["total"])["total"] == "12.50"


def test_an_external_id_is_used_once_by_each(customer: Person, admin: Person, shop: Shop) -> None:
    external_id = f"shop-{uuid4()}"
    first = placed(customer, shop, external_id=external_id)
    answer = customer.post("orders", basket(shop, external_id=external_id))
    assert (refusal(answer), answer.json()["order_id"]) == ((409, "external_id_taken"), first["id"])
    assert placed(admin, shop, external_id=external_id)["id"] != first["id"]
    assert [order["id"] for order in customer.results("orders", external_id=external_id)] == [first["id"]]


def test_the_dropoff_may_change_until_somebody_is_charged(customer: Person, admin: Person) -> None:
    shop = open_shop(admin, delivery_fee_per_km="10.00")
    order = placed(customer, shop)
    path, nearer = f"orders/{order['id']}", {"address": "1 Market Square", "latitude": 52.521, "longitude": 13.41}
    changed = customer.patch(path, {"dropoff": nearer, "contact": {"name": "Bob"}}, version=1)
    assert (changed.status_code, changed.json()["total"]) == (200, "12.50")
    pay(customer, order)
    version = once_it_is("paid", order, customer)["version"]

    assert refusal(customer.patch(path, {"dropoff": DOOR}, version=version)) == (409, "dropoff_fixed")
    assert customer.patch(path, {"note": "Ring"}, version=version).json()["note"] == "Ring"
    assert customer.read(path)["dropoff"] == nearer


def test_a_customer_cancels_until_the_store_has_taken_it_on(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    path = f"orders/{order['id']}/cancel"
    assert refusal(customer.post(path)) == (400, "invalid_request")
    assert refusal(customer.post(path, {"reason": "x", "restock": False})) == (403, "permission_denied")
    cancelled = customer.do(path, {"reason": "Changed my mind"})
    assert (cancelled["status"], cancelled["allowed_transitions"], shop.stock) == ("cancelled", [], 10)
    assert customer.do(path, {"reason": "Changed my mind"})["version"] == cancelled["version"]

    late = customer.post(f"orders/{confirmed(customer, shop)['id']}/cancel", {"reason": "Too slow"})
    assert (refusal(late), late.json()["allowed"]) == ((409, "transition_not_allowed"), [])


def test_cancelling_gives_back_goods_and_money(customer: Person, shop: Shop) -> None:
    order, payment = paid(customer, shop)
    customer.do(f"orders/{order['id']}/cancel", {"reason": "Changed my mind"})
    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], shop.stock) == ("12.50", 10)


def test_staff_decide_how_much_of_either(customer: Person, shop: Shop) -> None:
    order, payment = paid(customer, shop)
    path = f"orders/{order['id']}/cancel"
    too_much = shop.staff.post(path, {"reason": "Opened", "refund_amount": "12.51"})
    assert refusal(too_much) == (409, "refund_exceeds_total")
    shop.staff.do(path, {"reason": "Opened", "refund_amount": "2.00", "restock": False})
    (refund,) = refunds_of(payment, shop.staff, count=1)
    assert (refund["amount"], shop.stock) == ("2.00", 9)


@pytest.mark.parametrize("action", ["confirm", "ready", "accept", "assign", "unassign"])
def test_an_unpaid_order_goes_nowhere(
    customer: Person, shop: Shop, courier: Person, dispatcher: Person, action: str
) -> None:
    order = placed(customer, shop)
    person = courier if action == "accept" else dispatcher
    body = {"courier_id": courier.read("couriers/me")["id"]} if action == "assign" else {}
    answer = person.post(f"orders/{order['id']}/{action}", body)
    assert refusal(answer) == (409, "transition_not_allowed")
    assert isinstance(answer.json()["allowed"], list)
    assert customer.read(f"orders/{order['id']}")["version"] == 1


@pytest.mark.parametrize("role", ["customer", "store_staff", "integrator", "courier"])
def test_a_foreign_order_does_not_exist(customer: Person, shop: Shop, admin: Person, role: str) -> None:
    order, stranger = placed(customer, shop), newcomer(admin, role)
    for path in ("orders/{}", "orders/{}/timeline", "deliveries/{}"):
        assert refusal(stranger.get(path.format(order["id"]))) == (404, "order_not_found")
    assert order["id"] not in [found["id"] for found in stranger.results("orders", limit=100)]
