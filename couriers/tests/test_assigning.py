from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.roles import Role
from couriers.models import Assignment, Courier
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, make_picked_up
from events.models import Event
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_order, make_store, make_user

pytestmark = pytest.mark.django_db


def assign(dispatcher: Caller, order: Order, courier: Courier, **headers: str) -> Any:
    return dispatcher.post(f"orders/{order.id}/assign", {"courier_id": str(courier.id)}, **headers)


def unassign(dispatcher: Caller, order: Order, reason: str = "") -> Any:
    return dispatcher.post(f"orders/{order.id}/unassign", {"reason": reason} if reason else {})


def active_orders(*couriers: Courier) -> list[int]:
    return [Courier.objects.get(pk=courier.pk).active_orders for courier in couriers]


def test_staff_assign_a_courier(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_courier()

    response = assign(dispatcher, order, courier)

    assignment = Assignment.objects.get()
    assert (response.status_code, response.json()["id"]) == (200, str(assignment.id))
    assert (assignment.status, assignment.assigned_by_id) == ("accepted", dispatcher.user.id)
    order.refresh_from_db()
    assert (order.status, order.courier_id) == ("assigned", courier.id)
    assert active_orders(courier) == [1]


def test_assigning_to_whom_has_it_changes_nothing(dispatcher: Caller) -> None:
    assignment = make_accepted()
    before = snapshot()
    response = assign(dispatcher, assignment.order, assignment.courier)
    assert (response.status_code, response.json()["id"]) == (200, str(assignment.id))
    assert snapshot() == before


def test_an_order_changes_hands_before_pickup(dispatcher: Caller) -> None:
    old = make_accepted()
    courier = make_courier()
    version = old.order.version

    response = assign(dispatcher, old.order, courier)

    old.refresh_from_db()
    new = Assignment.objects.get(pk=response.json()["id"])
    order = Order.objects.get()
    assert (old.status, old.version, new.status, new.courier_id) == ("released", 2, "accepted", courier.id)
    assert old.ended_at is not None
    assert (order.status, order.courier_id, order.version) == ("assigned", courier.id, version + 2)
    assert active_orders(old.courier, courier) == [0, 1]
    assert list(order.timeline.order_by("-id").values_list("what", "reason")[:2]) == [
        ("assigned", ""),
        ("unassigned", "Given to another courier by staff"),
    ]
    released = Event.objects.get(type="assignment.released")
    assert (released.subject_id, released.data["reason"]) == (old.id, "reassigned")


def test_an_order_that_was_picked_up_stays_with_its_courier(dispatcher: Caller) -> None:
    assignment = make_picked_up()
    courier = make_courier()
    before = snapshot()
    response = assign(dispatcher, assignment.order, courier)
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == ["delivered", "failed"]
    assert snapshot() == before


def test_a_refused_reassignment_leaves_the_order_where_it_was(dispatcher: Caller) -> None:
    assignment = make_accepted()
    full = make_courier()
    make_accepted(courier=full)
    before = snapshot()
    assert refusal(assign(dispatcher, assignment.order, full)) == (409, "courier_at_capacity")
    assert snapshot() == before


def test_an_order_that_is_not_confirmed_cannot_be_assigned(dispatcher: Caller) -> None:
    order, courier = make_order(), make_courier()
    before = snapshot()
    response = assign(dispatcher, order, courier)
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == ["cancelled"]
    assert snapshot() == before


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.CUSTOMER}])
def test_a_courier_who_cannot_sign_in_as_one_cannot_be_assigned(dispatcher: Caller, change: dict[str, Any]) -> None:
    order, courier = make_confirmed_order(), make_courier()
    User.objects.filter(pk=courier.id).update(**change)
    before = snapshot()
    assert refusal(assign(dispatcher, order, courier)) == (409, "courier_inactive")
    assert snapshot() == before


def test_an_inactive_courier_cannot_be_assigned(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_courier(is_active=False)
    before = snapshot()
    assert refusal(assign(dispatcher, order, courier)) == (409, "courier_inactive")
    assert snapshot() == before


def test_a_courier_of_other_stores_cannot_be_assigned(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_courier(stores=(make_store(),))
    before = snapshot()
    assert refusal(assign(dispatcher, order, courier)) == (409, "courier_not_of_store")
    assert snapshot() == before


def test_an_unknown_courier_is_not_found(dispatcher: Caller) -> None:
    order = make_confirmed_order()
    before = snapshot()
    response = dispatcher.post(f"orders/{order.id}/assign", {"courier_id": str(uuid4())})
    assert refusal(response) == (404, "courier_not_found")
    assert snapshot() == before


@pytest.mark.parametrize("action", ["assign", "unassign"])
def test_an_unknown_order_is_not_found(dispatcher: Caller, action: str) -> None:
    body = {"courier_id": str(make_courier().id)} if action == "assign" else {}
    assert refusal(dispatcher.post(f"orders/{uuid4()}/{action}", body)) == (404, "order_not_found")


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER, Role.INTEGRATOR])
@pytest.mark.parametrize("action", ["assign", "unassign"])
def test_only_dispatch_decides_who_carries(role: Role, action: str) -> None:
    response = Caller(make_user(role)).post(f"orders/{make_confirmed_order().id}/{action}")
    assert refusal(response) == (403, "insufficient_scope")


def test_if_match_names_the_version_of_the_order(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_courier()
    before = snapshot()
    assert refusal(assign(dispatcher, order, courier, if_match='"1"')) == (412, "precondition_failed")
    assert snapshot() == before


def test_staff_take_an_order_back(dispatcher: Caller) -> None:
    assignment = make_accepted()

    response = unassign(dispatcher, assignment.order, "Flat tyre, said Kim")

    order = Order.objects.get()
    assert (response.status_code, response.json()["status"], response.json()["version"]) == (200, "released", 2)
    assert (order.status, order.courier_id) == ("confirmed", None)
    assert active_orders(assignment.courier) == [0]
    assert order.timeline.last().reason == "Flat tyre, said Kim"  # type: ignore[union-attr]
    released = Event.objects.get(type="assignment.released")
    assert released.data == {
        "order_id": str(order.id),
        "courier_id": str(assignment.courier_id),
        "status": "released",
        "reason": "unassigned",
    }


def test_taking_back_again_answers_with_the_released_assignment(dispatcher: Caller) -> None:
    assignment = make_accepted()
    first = unassign(dispatcher, assignment.order)
    before = snapshot()
    again = unassign(dispatcher, assignment.order)
    assert (again.status_code, again.json()) == (200, first.json())
    assert snapshot() == before


def test_an_order_nobody_has_cannot_be_taken_back(dispatcher: Caller) -> None:
    response = unassign(dispatcher, make_confirmed_order())
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == ["assigned", "cancelled"]


def test_an_order_that_was_picked_up_cannot_be_taken_back(dispatcher: Caller) -> None:
    assignment = make_picked_up()
    before = snapshot()
    assert refusal(unassign(dispatcher, assignment.order)) == (409, "transition_not_allowed")
    assert snapshot() == before


def test_an_order_that_was_taken_back_can_be_accepted_by_another_courier(dispatcher: Caller) -> None:
    assignment = make_accepted()
    unassign(dispatcher, assignment.order)
    other = make_courier()
    assert Caller(other.user).post(f"orders/{assignment.order_id}/accept").status_code == 200
    assert active_orders(assignment.courier, other) == [0, 1]
