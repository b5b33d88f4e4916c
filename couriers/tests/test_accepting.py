from typing import Any
from uuid import uuid4

import pytest

from accounts.actors import Actor
from accounts.roles import Role
from couriers.models import Assignment, Courier
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, make_picked_up, staff
from events.models import Event
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order, make_order, make_product, make_store, make_user

pytestmark = pytest.mark.django_db


def accept(courier: Courier, order: Order, **headers: str) -> Any:
    return Caller(courier.user).post(f"orders/{order.id}/accept", **headers)


def test_a_courier_accepts_a_confirmed_order() -> None:
    order, courier = make_confirmed_order(), make_courier()

    response = accept(courier, order)

    assignment = Assignment.objects.get()
    assert response.status_code == 200
    assert response["ETag"] == '"1"'
    body = response.json()
    assert body == {
        "id": str(assignment.id),
        "order_id": str(order.id),
        "order_number": order.number,
        "store_id": str(order.store_id),
        "courier_id": str(courier.id),
        "status": "accepted",
        "version": 1,
        "offered_at": None,
        "expires_at": None,
        "accepted_at": body["accepted_at"],
        "picked_up_at": None,
        "delivered_at": None,
        "ended_at": None,
        "recipient": "",
        "note": "",
        "failure_reason": None,
        "decline_reason": None,
        "expiry_reason": None,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
    }
    assert body["accepted_at"] is not None
    order.refresh_from_db()
    courier.refresh_from_db()
    assert (order.status, order.courier_id) == ("assigned", courier.id)
    assert (courier.active_orders, courier.version) == (1, 1)
    assert assignment.assigned_by_id is None


def test_accepting_is_an_event_of_the_assignment_after_that_of_the_order() -> None:
    order, courier = make_confirmed_order(), make_courier()

    accept(courier, order)

    told = list(Event.objects.order_by("-position")[:2])[::-1]
    assert [event.type for event in told] == ["order.assigned", "assignment.accepted"]
    assignment = Assignment.objects.get()
    assert (told[1].subject_type, told[1].subject_id, told[1].subject_version) == ("assignment", assignment.id, 1)
    assert told[1].store_id == order.store_id
    assert told[1].data == {"order_id": str(order.id), "courier_id": str(courier.id), "status": "accepted"}


def test_an_order_that_another_courier_has_is_refused() -> None:
    taken = make_accepted()
    before = snapshot()
    late = make_courier()
    assert refusal(accept(late, taken.order)) == (409, "order_already_assigned")
    Courier.objects.filter(pk=late.pk).delete()
    assert snapshot() == before


def test_an_order_that_another_courier_carries_already_is_refused() -> None:
    assert refusal(accept(make_courier(), make_picked_up().order)) == (409, "order_already_assigned")


def test_accepting_again_answers_as_the_first_time_did() -> None:
    order, courier = make_confirmed_order(), make_courier()
    first = accept(courier, order)
    before = snapshot()

    again = accept(courier, order)

    assert (again.status_code, again.json()) == (200, first.json())
    assert snapshot() == before


def test_accepting_again_after_the_pickup_shows_where_things_stand() -> None:
    assignment = make_picked_up()
    response = accept(assignment.courier, assignment.order)
    assert (response.status_code, response.json()["id"], response.json()["status"]) == (
        200,
        str(assignment.id),
        "picked_up",
    )


def test_the_same_key_replays_the_answer_and_a_new_key_finds_the_same_assignment() -> None:
    order, courier = make_confirmed_order(), make_courier()
    first = accept(courier, order, key="k-1")
    replayed = accept(courier, order, key="k-1")
    repeated = accept(courier, order, key="k-2")
    assert first.json() == replayed.json() == repeated.json()
    assert replayed["Idempotent-Replayed"] == "true"
    assert Assignment.objects.count() == 1


def test_a_full_courier_is_refused_with_their_capacity() -> None:
    courier = make_courier(capacity=1)
    make_accepted(courier=courier)
    order = make_confirmed_order()
    before = snapshot()

    response = accept(courier, order)

    assert refusal(response) == (409, "courier_at_capacity")
    assert (response.json()["capacity"], response.json()["active_orders"]) == (1, 1)
    assert snapshot() == before


def test_a_courier_may_carry_as_many_orders_as_their_capacity() -> None:
    courier = make_courier(capacity=2)
    assert [accept(courier, make_confirmed_order()).status_code for _ in range(3)] == [200, 200, 409]
    courier.refresh_from_db()
    assert courier.active_orders == 2


def test_an_order_that_is_not_confirmed_is_refused_with_what_is_allowed() -> None:
    order, courier = make_order(), make_courier()
    before = snapshot()

    response = accept(courier, order)

    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == []
    assert snapshot() == before


def test_a_cancelled_order_is_refused_even_before_its_courier_is_released() -> None:
    assignment = make_accepted()
    cancel_order(assignment.order_id, actor=Actor.of(staff()), reason="Closed early")
    response = accept(make_courier(), assignment.order)
    assert response.status_code == 409


def test_an_inactive_courier_is_refused() -> None:
    order, courier = make_confirmed_order(), make_courier(is_active=False)
    before = snapshot()
    assert refusal(accept(courier, order)) == (409, "courier_inactive")
    assert snapshot() == before


def test_an_offline_courier_may_accept() -> None:
    assert accept(make_courier(status="offline"), make_confirmed_order()).status_code == 200


def test_orders_of_stores_the_courier_does_not_ride_for_are_not_found() -> None:
    order = make_confirmed_order()
    courier = make_courier(stores=(make_store(),))
    before = snapshot()
    assert refusal(accept(courier, order)) == (404, "order_not_found")
    assert snapshot() == before


def test_a_courier_rides_for_the_stores_of_their_memberships() -> None:
    store = make_store()
    order = make_confirmed_order(product=make_product(store))
    assert accept(make_courier(stores=(make_store(), store)), order).status_code == 200


def test_an_unknown_order_is_not_found() -> None:
    response = Caller(make_courier().user).post(f"orders/{uuid4()}/accept")
    assert refusal(response) == (404, "order_not_found")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_staff_have_no_courier_profile_to_accept_with(role: Role) -> None:
    response = Caller(staff(role)).post(f"orders/{make_confirmed_order().id}/accept")
    assert refusal(response) == (404, "courier_not_found")


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.CUSTOMER, Role.INTEGRATOR])
def test_others_lack_the_scope(role: Role) -> None:
    response = Caller(make_user(role)).post(f"orders/{make_confirmed_order().id}/accept")
    assert refusal(response) == (403, "insufficient_scope")


def test_if_match_names_the_version_of_the_order() -> None:
    order, courier = make_confirmed_order(), make_courier()
    before = snapshot()
    assert refusal(accept(courier, order, if_match=f'"{order.version - 1}"')) == (412, "precondition_failed")
    assert snapshot() == before
    assert accept(courier, order, if_match=f'"{order.version}"').status_code == 200
