"""Offers on the page of an order: asking couriers, and why it was they."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, press, signed_in, told
from couriers.models import Assignment, Courier
from couriers.services.matching import match_waiting
from couriers.tests.factories import make_accepted, make_courier, make_free_courier, make_offer
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_product, make_ready_order, make_store, make_user

pytestmark = pytest.mark.django_db

ORDERS = "/admin/orders/order/"


@pytest.fixture
def person() -> User:
    return make_user(Role.DISPATCHER)


@pytest.fixture
def dispatcher(person: User) -> Client:
    return signed_in(person)


def page_of(client: Client, order: Order) -> Any:
    return client.get(f"{ORDERS}{order.pk}/change/")


def near(store: Any, name: str, **fields: Any) -> Courier:
    place = {"latitude": store.latitude + 0.001, "longitude": store.longitude}
    return make_free_courier(name=name, position_recorded_at=timezone.now(), **{**place, **fields})


def offers() -> list[tuple[str, str]]:
    return list(Assignment.objects.order_by("courier__name").values_list("courier__name", "status"))


def test_dispatch_offers_an_order_to_whom_they_choose(dispatcher: Client, person: User) -> None:
    order, couriers = make_confirmed_order(), [make_free_courier(name="Ana"), make_free_courier(name="Kim")]
    make_courier(name="Offline")

    answer = press(
        dispatcher, page_of(dispatcher, order), "offer", couriers=[str(one.pk) for one in couriers], seconds=90
    )

    assert told(answer) == [f"{order} is offered to Ana, Kim."]
    assert offers() == [("Ana", "offered"), ("Kim", "offered")]
    assert Assignment.objects.filter(offered_by_id=person.pk).count() == 2
    text = page_of(dispatcher, order).content.decode()
    assert "to be answered by" in text


def test_dispatch_lets_the_engine_choose(dispatcher: Client) -> None:
    order = make_ready_order()
    near(order.store, "Ana")
    answer = press(dispatcher, page_of(dispatcher, order), "offer-best")
    assert told(answer) == [f"{order} is offered to Ana."]
    assert offers() == [("Ana", "offered")]


def test_that_nobody_is_free_is_told(dispatcher: Client) -> None:
    order = make_confirmed_order()
    answer = press(dispatcher, page_of(dispatcher, order), "offer-best")
    assert told(answer) == ["No courier who rides for the store is online, has room and has not been asked already."]
    assert offers() == []


def test_what_is_offered_when_the_form_was_open_is_seen(dispatcher: Client) -> None:
    order, courier = make_confirmed_order(), make_free_courier()
    page = page_of(dispatcher, order)
    Order.objects.filter(pk=order.pk).update(version=order.version + 1)
    answer = press(dispatcher, page, "offer", couriers=[str(courier.pk)], seconds=60)
    assert errors_of(answer) != []
    assert offers() == []


def test_why_not_ana_is_on_the_page(dispatcher: Client) -> None:
    store = make_store(offers_automatically=True)
    order = make_ready_order(product=make_product(store))
    make_accepted(courier=near(store, "Ana"))
    near(store, "Kim")
    match_waiting()

    text = page_of(dispatcher, order).content.decode()

    assert "<strong>Kim</strong>" in text
    assert "Ana (at capacity, 111 m)" in text
    assert "In all: 1 at capacity." in " ".join(text.split())


def test_who_may_not_dispatch_sees_neither_buttons_nor_candidates() -> None:
    offered = make_offer()
    client = signed_in(make_user(Role.STORE_STAFF, stores=(offered.order.store,)))
    page = page_of(client, offered.order)
    assert "Who fits best" not in page.content.decode()
    assert {"offer", "offer-best"} & set(buttons(page)) == set()
    for name in ("offer", "offer-best"):
        assert client.post(f"{ORDERS}{offered.order_id}/move/{name}/", {}).status_code == 403


def test_the_form_names_who_could_be_asked(dispatcher: Client) -> None:
    order = make_confirmed_order()
    make_free_courier(name="Ana", capacity=2)
    make_courier(name="Offline")
    form = dispatcher.get(f"{ORDERS}{order.pk}/move/offer/")
    assert "Ana: available, bicycle, carries 0 of 2" in form.content.decode()
    assert "Offline:" not in form.content.decode()
    assert 'value="60"' in form.content.decode()
