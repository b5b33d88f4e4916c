from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.actors import Actor
from api.errors import Busy
from couriers.services.assigning import unassign_order
from couriers.tests.factories import make_accepted, make_picked_up, staff
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.states import OrderStatus, PaymentMethod
from orders.tests.factories import make_confirmed_order, make_order, make_paid_order, make_product

pytestmark = pytest.mark.django_db


def address(order: Order) -> str:
    return f"/track/{order.tracking_token}/cancel/"


def page_of(order: Order, path: str = "") -> str:
    response = Client().get(f"/track/{order.tracking_token}/{path}")
    assert response.status_code == 200
    return response.content.decode()


def as_it_is(order: Order) -> tuple[str, int]:
    found = Order.objects.get(pk=order.pk)
    return found.status, found.version


@pytest.mark.parametrize("make", [make_order, lambda: make_order(payment_method=PaymentMethod.CASH), make_paid_order])
def test_the_link_cancels_before_the_store_has_confirmed(make: Any) -> None:
    order = make()
    assert 'href="cancel/"' in page_of(order)
    assert '<form method="post"' in page_of(order, "cancel/")

    response = Client(enforce_csrf_checks=True).post(address(order))

    assert (response.status_code, response["Location"]) == (303, f"/track/{order.tracking_token}/")
    assert Order.objects.get().status == OrderStatus.CANCELLED
    entry = order.timeline.get(what="cancelled")
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("customer", None, "Customer, by the link")
    assert entry.reason == "Cancelled on the tracking page."


def test_what_was_reserved_is_in_stock_again() -> None:
    product = make_product(stock=5)
    order = make_order(product=product)
    product.refresh_from_db()
    assert product.stock == 4
    Client().post(address(order))
    product.refresh_from_db()
    assert product.stock == 5


def test_who_cannot_be_answered_in_time_is_asked_again() -> None:
    order = make_order()
    with patch("tracking.views.cancel_by_token", side_effect=Busy):
        response = Client().post(address(order))
    assert response.status_code == 503
    assert '<form method="post"' in response.content.decode()


def test_asking_changes_nothing() -> None:
    order = make_order()
    before = as_it_is(order)
    for call in (Client().get, Client().head):
        assert call(address(order)).status_code == 200
    assert as_it_is(order) == before


def test_cancelling_again_is_answered_as_the_first_time() -> None:
    order = make_order()
    answers = [Client().post(address(order)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert order.timeline.filter(what="cancelled").count() == 1


@pytest.mark.parametrize(
    "make",
    [
        make_confirmed_order,
        pytest.param(lambda: make_accepted().order, id="accepted"),
        pytest.param(lambda: make_picked_up().order, id="picked up"),
    ],
)
def test_from_the_confirmation_on_the_store_decides(make: Any) -> None:
    order = make()
    before = as_it_is(order)
    assert "cancel/" not in page_of(order)
    assert "<form" not in page_of(order, "cancel/")

    response = Client().post(address(order))

    assert response.status_code == 409
    assert "It cannot be cancelled here any more" in response.content.decode()
    assert as_it_is(order) == before


def test_an_order_that_is_back_without_a_courier_is_still_the_stores_to_cancel() -> None:
    order = make_accepted().order
    unassign_order(order.id, actor=Actor.of(staff()))
    assert Client().post(address(order)).status_code == 409


def test_what_the_store_has_cancelled_stays_as_it_was() -> None:
    order = make_order()
    cancel_order(order.id, actor=Actor.of(staff()), reason="Out of bread")
    assert Client().post(address(order)).status_code == 409
    assert order.timeline.get(what="cancelled").reason == "Out of bread"


def test_an_unknown_link_cancels_nothing() -> None:
    order = make_order()
    before = as_it_is(order)
    for response in (Client().get("/track/nothing/cancel/"), Client().post("/track/nothing/cancel/")):
        assert response.status_code == 404
        assert "We do not know this link" in response.content.decode()
    assert as_it_is(order) == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_order(payment_method=PaymentMethod.CASH), "there is nothing to give back"),
        (make_order, "Nothing has been paid yet."),
        (make_paid_order, "All you have paid goes back to where it came from."),
    ],
)
def test_the_question_says_what_becomes_of_the_money(make: Any, words: str) -> None:
    assert words in page_of(make(), "cancel/")


def test_the_question_is_as_secret_as_the_page() -> None:
    response = Client().get(address(make_order()))
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("private, no-store", "no-referrer")
    assert "form-action 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_the_language_goes_along() -> None:
    order = make_order()
    assert 'href="cancel/?lang=de"' in page_of(order, "?lang=de")
    response = Client().post(f"{address(order)}?lang=de")
    assert response["Location"] == f"/track/{order.tracking_token}/?lang=de"
