"""Many at once at the API, each in a thread with a connection of its own, on PostgreSQL."""

import threading
from collections import Counter
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from rest_framework.test import APIClient

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.tests.waiting import PATIENCE_SECONDS, at_once
from catalog.models import Product, StockEntry
from orders.models import Order, TimelineEntry
from orders.services import confirming
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_product, make_store, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]


def client_of(user: User, **options: Any) -> APIClient:
    client = APIClient(**options)
    client.force_authenticate(user)
    return client


def place(user: User, products: list[Product], *, key: str) -> Any:
    content = {
        "items": [{"product_id": str(product.id), "quantity": 1} for product in products],
        "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40},
        "contact": {"name": "Ada"},
    }
    return client_of(user).post("/api/v2/orders", content, format="json", headers={"Idempotency-Key": key})


def test_fifty_buyers_get_the_ten_pieces_and_no_more() -> None:
    product = make_product(stock=10)
    buyers = [make_user() for _ in range(50)]
    answers = at_once([partial(place, buyer, [product], key="k") for buyer in buyers])
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 40}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"insufficient_stock"}
    assert Product.objects.get().stock == 0
    assert StockEntry.objects.filter(reason="reserved").count() == Order.objects.count() == 10


def test_baskets_of_the_same_products_in_opposite_order_all_go_through() -> None:
    store = make_store()
    one, two = make_product(store), make_product(store)
    baskets = [[one, two], [two, one]] * 12
    answers = at_once([partial(place, make_user(), basket, key="k") for basket in baskets])
    assert Counter(answer.status_code for answer in answers) == {201: 24}
    assert set(Product.objects.values_list("stock", flat=True)) == {76}


def test_one_key_from_twenty_clients_places_one_order() -> None:
    product, customer = make_product(), make_user()
    answers = at_once([partial(place, customer, [product], key="same")] * 20)
    assert Counter(answer.status_code for answer in answers) == {201: 20}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Order.objects.count() == 1
    assert Product.objects.get().stock == 99


def edit(user: User, order: Order, note: str) -> Any:
    return client_of(user).patch(
        f"/api/v2/orders/{order.id}", {"note": note}, format="json", headers={"If-Match": '"1"'}
    )


def test_of_twenty_edits_of_one_version_one_is_kept_and_nineteen_are_told() -> None:
    order = make_order()
    assert order.customer is not None
    answers = at_once([partial(edit, order.customer, order, f"note {n}") for n in range(20)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}
    (kept,) = [answer.json()["note"] for answer in answers if answer.status_code == 200]
    order.refresh_from_db()
    assert (order.note, order.version) == (kept, 2)


def act(user: User, order: Order, action: str, content: dict[str, Any]) -> Any:
    client = client_of(user, raise_request_exception=False)
    return client.post(f"/api/v2/orders/{order.id}/{action}", content, format="json")


def confirm_against_cancel(order: Order) -> list[Any]:
    assert order.customer is not None
    dispatcher = make_user(Role.DISPATCHER)
    return at_once(
        [
            partial(act, dispatcher, order, "confirm", {}),
            partial(act, order.customer, order, "cancel", {"reason": "changed my mind"}),
        ]
    )


def make_cash_order() -> Order:
    return make_order(payment_method=PaymentMethod.CASH)


def test_confirming_against_cancelling_lets_one_win_and_tells_the_other() -> None:
    for _ in range(10):
        order = make_cash_order()
        answers = confirm_against_cancel(order)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        order.refresh_from_db()
        assert order.status in {"confirmed", "cancelled"}
        assert [entry.to_status for entry in order.timeline.all()] == ["created", order.status]
        stock = Product.objects.get(order_lines__order=order).stock
        assert stock == (99 if order.status == "confirmed" else 100)


def test_without_the_lock_the_timelines_constraint_is_what_stops_the_second() -> None:
    """The control: both read the order as created, so both would move it. One entry per version is what remains."""
    order = make_cash_order()
    both_read = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def unlocked(order_id: UUID) -> Order:
        found = Order.objects.select_related("store").get(id=order_id)
        both_read.wait()
        return found

    dispatchers = [make_user(Role.DISPATCHER), make_user(Role.DISPATCHER)]
    with patch.object(confirming, "lock_order", unlocked):
        outcomes = at_once([partial(_confirm_or_error, dispatcher, order) for dispatcher in dispatchers])
    assert sorted(outcomes) == ["IntegrityError", "confirmed"]
    assert TimelineEntry.objects.filter(order=order, what="confirmed").count() == 1


def _confirm_or_error(dispatcher: User, order: Order) -> str:
    try:
        return confirming.confirm_order(order.id, actor=Actor.of(dispatcher)).status
    except IntegrityError as error:
        return type(error).__name__
