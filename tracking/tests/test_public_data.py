from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from couriers.models import Assignment, Courier
from couriers.services.carrying import fail
from couriers.services.delivering import Proof, deliver
from couriers.states import FailureReason
from couriers.tests.conftest import Caller, selects
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, make_unready
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_order, make_product, make_store, make_user

pytestmark = pytest.mark.django_db

HALF_WAY = {"latitude": 52.5202, "longitude": 13.405}


def data(order: Order) -> dict[str, Any]:
    response = Client().get(f"/track/{order.tracking_token}/data")
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def place(courier: Courier, *, seconds_ago: float = 0) -> None:
    moment = timezone.now() - timedelta(seconds=seconds_ago)
    Courier.objects.filter(pk=courier.pk).update(**HALF_WAY, position_recorded_at=moment)


def shown_position(assignment: Assignment) -> Any:
    courier = data(assignment.order)["courier"]
    return courier and courier["position"]


def test_the_data_say_what_the_page_says() -> None:
    store = make_store(name="Bakery", latitude=52.52, longitude=13.4, delivery_base_fee="2.50")
    assignment = make_picked_up(
        courier=make_courier(name="Kim", vehicle="scooter"), product=make_product(store, name="Bread", price="4.20")
    )
    place(assignment.courier)
    body = data(assignment.order)
    assert (body["status"], body["headline"], body["lead"]) == (
        "picked_up",
        "On its way",
        "Your courier is on the way to you.",
    )
    assert [step["state"] for step in body["steps"]] == ["done", "done", "current", "next"]
    assert (body["is_over"], body["pin"], body["cash_due"]) == (False, "", False)
    assert (body["courier"]["name"], body["courier"]["vehicle"]) == ("Kim", "scooter")
    position = body["courier"]["position"]
    assert {name: position[name] for name in HALF_WAY} == HALF_WAY
    assert position["distance_m"] == 300
    assert position["age_seconds"] <= 30
    assert (body["order"]["total"], body["order"]["currency"]) == ("6.70", "EUR")
    assert body["progress"] == 77
    assert datetime.fromisoformat(body["eta"]) > timezone.now()


def test_a_customer_knows_the_courier_only_with_their_order() -> None:
    """Before the pick-up they may be at another customer's door, and after the delivery, too."""
    assignment = make_accepted()
    place(assignment.courier)
    assert shown_position(assignment) is None
    assignment = make_picked_up()
    place(assignment.courier)
    assert shown_position(assignment) is not None
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    assert data(assignment.order)["courier"] == {"name": "Kim", "vehicle": "bicycle", "position": None}


def test_where_the_courier_was_before_the_pick_up_is_not_told_after_it() -> None:
    assignment = make_picked_up()
    place(assignment.courier, seconds_ago=90)
    assert shown_position(assignment) is None


def test_the_last_position_at_the_store_is_shown_until_there_is_a_newer_one() -> None:
    assignment = make_picked_up()
    place(assignment.courier, seconds_ago=30)
    assert shown_position(assignment) is not None


def test_the_door_is_told_while_the_courier_brings_it_and_only_then() -> None:
    """Its address never is; the point to about ten metres, where the courier's own position leads."""
    assignment = make_accepted()
    assert data(assignment.order)["way"] is None
    assignment = make_picked_up()
    Order.objects.filter(pk=assignment.order_id).update(dropoff_latitude=52.521234, dropoff_longitude=13.411199)
    store = assignment.order.store
    assert data(assignment.order)["way"] == {
        "store": [store.latitude, store.longitude], "door": [52.5212, 13.4112], "road": []
    }  # fmt: skip
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    assert data(assignment.order)["way"] is None


def test_the_data_say_whether_the_order_can_be_cancelled() -> None:
    assert data(make_order())["can_cancel"] is True
    assert data(make_confirmed_order())["can_cancel"] is False


def test_after_a_failed_delivery_there_is_no_courier() -> None:
    assignment = make_picked_up()
    place(assignment.courier)
    fail(assignment.id, actor=actor_of(assignment.courier), reason=FailureReason.NOBODY_HOME)
    assert data(assignment.order)["courier"] is None


def test_the_other_order_in_the_bag_shows_nothing() -> None:
    """One courier, two customers: each sees the leg on which their order is carried."""
    courier = make_courier(capacity=2)
    carried = make_picked_up(courier=courier)
    waiting = make_unready(courier=courier)
    place(courier)
    assert shown_position(carried) is not None
    assert shown_position(waiting) is None


def test_the_api_tells_customers_no_more_than_their_link() -> None:
    customer = make_user()
    assignment = make_accepted(customer=customer)
    place(assignment.courier)
    body = Caller(customer).get(f"deliveries/{assignment.order_id}").json()
    assert body["courier"] == {"name": "Kim", "vehicle": "bicycle", "position": None}


def test_nothing_personal_of_the_customer_is_in_it() -> None:
    assignment = make_picked_up(courier=make_courier(phone="+49307654321"))
    place(assignment.courier)
    text = Client().get(f"/track/{assignment.order.tracking_token}/data").content.decode()
    private = ("Ada", "+49301234567", "ada@example.com", "2 Side Street", "dropoff", "+49307654321")
    assert [word for word in private if word in text] == []


def test_the_pin_is_told_until_the_delivery() -> None:
    assignment = make_picked_up(product=make_product(make_store(requires_pin=True)))
    pin = Order.objects.get().pin
    assert data(assignment.order)["pin"] == pin != ""
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof(pin=pin))
    assert data(assignment.order)["pin"] == ""


@pytest.mark.parametrize("make", [make_order, make_confirmed_order])
def test_there_are_data_before_there_is_a_courier(make: Any) -> None:
    body = data(make())
    assert (body["courier"], body["picked_up_at"], body["sequence"]) == (None, None, 0)


def test_an_unknown_link_is_a_problem() -> None:
    response = Client().get("/track/nothing/data")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "order_not_found"


def test_the_data_are_nobody_elses() -> None:
    for token in (make_order().tracking_token, "nothing"):
        response = Client().get(f"/track/{token}/data")
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in response


def test_the_data_are_seven_statements() -> None:
    order = make_picked_up().order
    with CaptureQueriesContext(connection) as queries:
        data(order)
    assert selects(queries) == 7
