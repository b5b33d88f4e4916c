from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from couriers.models import Assignment, Courier
from couriers.services.carrying import fail
from couriers.services.delivering import Proof, deliver
from couriers.states import FailureReason
from couriers.tests.conftest import Caller, refusal, selects
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, make_unready, staff
from events.models import Event
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_store,
    make_user,
)

pytestmark = pytest.mark.django_db

STORE = {"latitude": 52.5200, "longitude": 13.4000}


def delivery(order_id: Any, user: User | None = None) -> Any:
    return Caller(user or staff()).get(f"deliveries/{order_id}")


def place(courier: Courier, *, seconds_ago: int = 0, **where: float) -> None:
    """Where the courier was, `seconds_ago`."""
    recorded_at = timezone.now() - timedelta(seconds=seconds_ago)
    Courier.objects.filter(pk=courier.pk).update(**{**STORE, **where}, position_recorded_at=recorded_at)


def seconds_until(moment: str) -> float:
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()


def test_a_delivery_says_where_the_order_is() -> None:
    store = make_store(name="Bakery", **STORE, delivery_base_fee="2.50")
    assignment = make_picked_up(
        courier=make_courier(name="Kim", vehicle="scooter"), product=make_product(store, name="Bread", price="4.20")
    )
    place(assignment.courier, seconds_ago=7)
    relay()

    response = delivery(assignment.order_id)

    order = Order.objects.get()
    body = response.json()
    assert response.status_code == 200
    assert (body["order_id"], body["status"]) == (str(order.id), "picked_up")
    assert body["progress"] == 60
    assert seconds_until(body["eta"]) == pytest.approx(body["eta_seconds"], abs=5)
    age = body["courier"]["position"].pop("age_seconds")
    assert 7 <= age <= 30
    recorded_at = body["courier"]["position"].pop("recorded_at")
    assert datetime.fromisoformat(recorded_at) == Courier.objects.get().position_recorded_at
    assert body["courier"] == {"name": "Kim", "vehicle": "scooter", "position": STORE}
    assert body["store"] == {"id": str(store.id), "name": "Bakery", "address": store.address, **STORE}
    assert body["dropoff"] == {"address": "2 Side Street", "latitude": 52.5205, "longitude": 13.41}
    shown = body["order"]
    assert (shown["id"], shown["number"], shown["version"]) == (str(order.id), order.number, order.version)
    assert [(item["name"], item["quantity"], item["line_total"]) for item in shown["items"]] == [("Bread", 1, "4.20")]
    assert (shown["items_total"], shown["charges"]) == ("4.20", [{"kind": "delivery", "amount": "2.50"}])
    assert (shown["total"], shown["currency"]) == ("6.70", "EUR")
    assert body["picked_up_at"] is not None
    assert body["delivered_at"] is None


def test_the_sequence_is_that_of_the_orders_last_event() -> None:
    assignment = make_picked_up()
    assert delivery(assignment.order_id).json()["sequence"] == 0
    make_order()
    relay()
    last = Event.objects.get(type="order.picked_up").sequence
    assert delivery(assignment.order_id).json()["sequence"] == last


def test_the_eta_follows_the_courier() -> None:
    courier = make_courier(vehicle="bicycle")
    assignment = make_picked_up(courier=courier, product=make_product(make_store(**STORE)))
    place(courier)
    start = delivery(assignment.order_id).json()
    place(courier, longitude=13.405)
    half_way = delivery(assignment.order_id).json()
    place(courier, latitude=52.5205, longitude=13.41)
    arrived = delivery(assignment.order_id).json()
    assert [start["progress"], half_way["progress"], arrived["progress"]] == [60, 77, 95]
    assert start["eta_seconds"] > half_way["eta_seconds"] > arrived["eta_seconds"] == 240


def test_a_faster_vehicle_arrives_earlier() -> None:
    def seconds(vehicle: str) -> int:
        product = make_product(make_store(latitude=52.5, longitude=13.3))
        return int(
            delivery(make_picked_up(courier=make_courier(vehicle=vehicle), product=product).order_id).json()[
                "eta_seconds"
            ]
        )

    assert seconds("foot") > seconds("bicycle") > seconds("scooter")


def test_a_position_that_is_too_old_to_go_by_is_still_shown_with_its_age() -> None:
    assignment = make_picked_up(product=make_product(make_store(latitude=52.5, longitude=13.3)))
    place(assignment.courier, seconds_ago=3600, latitude=52.5205, longitude=13.41)
    body = delivery(assignment.order_id).json()
    assert body["courier"]["position"]["age_seconds"] >= 3600
    assert body["progress"] == 60


def test_an_order_still_in_the_kitchen_takes_as_long_as_the_kitchen() -> None:
    early = make_unready(product=make_product(make_store(preparation_minutes=30)))
    body = delivery(early.order_id).json()
    assert (body["status"], body["progress"]) == ("assigned", 40)
    assert 30 * 60 + 240 <= body["eta_seconds"] <= 30 * 60 + 900


def test_the_courier_may_have_said_nothing_yet() -> None:
    assert delivery(make_accepted().order_id).json()["courier"]["position"] is None


@pytest.mark.parametrize("make", [make_order, make_paid_order, make_confirmed_order])
def test_there_is_no_delivery_before_a_courier_is_assigned(make: Any) -> None:
    assert refusal(delivery(make().id)) == (400, "order_not_dispatched")


def test_an_order_that_was_taken_back_waits_again() -> None:
    assignment = make_accepted()
    Caller(assignment.courier.user).post(f"assignments/{assignment.id}/release")
    assert refusal(delivery(assignment.order_id)) == (400, "order_not_dispatched")


def test_an_order_cancelled_without_a_courier_was_never_dispatched() -> None:
    order = make_order()
    cancel_order(order.id, actor=Actor.of(staff()), reason="Mistake")
    assert refusal(delivery(order.id)) == (400, "order_not_dispatched")


def over(assignment: Assignment) -> dict[str, Any]:
    place(assignment.courier)
    body: dict[str, Any] = delivery(assignment.order_id).json()
    assert (body["eta"], body["eta_seconds"]) == (None, None)
    return body


def test_a_delivered_order_names_its_courier_but_not_where_they_went() -> None:
    assignment = make_picked_up()
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    body = over(assignment)
    assert (body["status"], body["progress"]) == ("delivered", 100)
    assert body["courier"] == {"name": "Kim", "vehicle": "bicycle", "position": None}
    assert body["delivered_at"] is not None


def test_a_failed_delivery_has_no_courier_any_more() -> None:
    assignment = make_picked_up()
    fail(assignment.id, actor=actor_of(assignment.courier), reason=FailureReason.REFUSED)
    body = over(assignment)
    assert (body["status"], body["progress"], body["courier"]) == ("failed", 60, None)


def test_a_delivery_that_was_cancelled_under_way_says_so() -> None:
    assignment = make_accepted()
    cancel_order(assignment.order_id, actor=Actor.of(staff()), reason="Out of bread")
    body = over(assignment)
    assert (body["status"], body["progress"], body["courier"]) == ("cancelled", 0, None)


def test_an_order_reassigned_shows_who_has_it_now() -> None:
    assignment = make_accepted()
    other = make_courier(name="Robin")
    Caller(staff()).post(f"orders/{assignment.order_id}/assign", {"courier_id": str(other.id)})
    assert delivery(assignment.order_id).json()["courier"]["name"] == "Robin"


@pytest.mark.parametrize("path", ["1", "x';--", "00000000-0000-0000-0000-00000000000g"])
def test_a_bad_id_is_not_found_without_a_trace_of_sql(path: str) -> None:
    response = delivery(path)
    assert refusal(response) == (404, "not_found")
    assert "sql" not in response.content.decode().lower()


def test_an_unknown_order_is_not_found() -> None:
    assert refusal(delivery(uuid4())) == (404, "order_not_found")


def test_everybody_concerned_follows_the_delivery_and_nobody_else() -> None:
    customer, store = make_user(), make_store()
    assignment = make_picked_up(customer=customer, product=make_product(store))
    insiders = [
        customer,
        assignment.courier.user,
        make_user(Role.STORE_STAFF, stores=(store,)),
        make_user(Role.INTEGRATOR, stores=(store,)),
        staff(Role.DISPATCHER),
        staff(Role.ADMIN),
    ]
    strangers = [
        make_user(),
        make_courier().user,
        make_user(Role.STORE_STAFF, stores=(make_store(),)),
        make_user(Role.INTEGRATOR),
    ]
    assert [delivery(assignment.order_id, user).status_code for user in insiders] == [200] * 6
    assert [refusal(delivery(assignment.order_id, user)) for user in strangers] == [(404, "order_not_found")] * 4


def test_no_phone_pin_or_link_is_given_away() -> None:
    assignment = make_picked_up(product=make_product(make_store(requires_pin=True)))
    body = delivery(assignment.order_id, assignment.courier.user).content.decode()
    order = Order.objects.get()
    assert order.pin != ""
    assert [secret for secret in (f'"{order.pin}"', order.tracking_token, order.contact_phone) if secret in body] == []


@pytest.mark.parametrize("others", [0, 1, 4])
def test_a_delivery_is_six_statements(others: int) -> None:
    """Sequence, order with store, lines, charges, assignment, what its courier has in hand; however much that is."""
    courier = make_courier(capacity=others + 1)
    assignment = make_picked_up(courier=courier)
    for _ in range(others):
        make_accepted(courier=courier)
    caller = Caller(staff())
    with CaptureQueriesContext(connection) as queries:
        assert caller.get(f"deliveries/{assignment.order_id}").status_code == 200
    assert selects(queries) == 6


def test_deliveries_are_not_kept_by_caches() -> None:
    assert delivery(make_accepted().order_id)["Cache-Control"] == "private, no-store"
