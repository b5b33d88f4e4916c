from typing import Any
from unittest.mock import patch

import pytest

from accounts.roles import Role
from couriers.models import Assignment
from couriers.services import delivering
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_picked_up, staff
from orders.models import Order
from orders.tests.factories import make_product, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def assignment() -> Assignment:
    """At the door of a customer whose PIN is 4711."""
    carried = make_picked_up(product=make_product(make_store(requires_pin=True)))
    Order.objects.update(pin="4711")
    return carried


def deliver(assignment: Assignment, *, key: str = "", **proof: str) -> Any:
    return Caller(assignment.courier.user).post(f"assignments/{assignment.id}/deliver", proof, key=key)


def attempts(assignment: Assignment) -> int:
    return Assignment.objects.get(pk=assignment.pk).pin_attempts


def test_the_right_pin_opens_the_door(assignment: Assignment) -> None:
    assert deliver(assignment, pin="4711").json()["status"] == "delivered"
    assert attempts(assignment) == 0


@pytest.mark.parametrize("pin", ["0000", "471", "47111", "\u0664\u0667\u0661\u0661", "4711x"])
def test_a_wrong_pin_is_refused_and_counted(assignment: Assignment, pin: str) -> None:
    response = deliver(assignment, pin=pin)
    assert refusal(response) == (409, "wrong_pin")
    assert response.json()["attempts_left"] == 4
    assert attempts(assignment) == 1
    assert Order.objects.get().status == "picked_up"


def test_the_count_survives_the_refusal_of_a_keyed_request_and_its_replay_is_not_counted(
    assignment: Assignment,
) -> None:
    first = deliver(assignment, pin="0000", key="k-1")
    again = deliver(assignment, pin="0000", key="k-1")
    assert refusal(first) == refusal(again) == (409, "wrong_pin")
    assert again["Idempotent-Replayed"] == "true"
    assert attempts(assignment) == 1


def test_a_counted_attempt_is_not_a_change_that_others_see(assignment: Assignment) -> None:
    deliver(assignment, pin="0000")
    assert Assignment.objects.get().version == assignment.version


@pytest.mark.parametrize("proof", [{}, {"pin": ""}, {"recipient": "Ada"}])
def test_a_missing_pin_is_refused_but_is_no_guess(assignment: Assignment, proof: dict[str, str]) -> None:
    before = snapshot()
    response = deliver(assignment, **proof)
    assert refusal(response) == (409, "wrong_pin")
    assert response.json()["attempts_left"] == 5
    assert snapshot() == before


def test_after_five_wrong_pins_even_the_right_one_is_refused(assignment: Assignment) -> None:
    left = [deliver(assignment, pin="0000").json()["attempts_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    before = snapshot()
    assert refusal(deliver(assignment, pin="4711")) == (409, "pin_locked")
    assert snapshot() == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_staff_deliver_without_it(assignment: Assignment, role: Role) -> None:
    for _ in range(5):
        deliver(assignment, pin="0000")
    response = Caller(staff(role)).post(f"assignments/{assignment.id}/deliver", {"recipient": "Ada"})
    assert (response.status_code, response.json()["status"]) == (200, "delivered")


def test_repeating_a_delivery_needs_no_pin(assignment: Assignment) -> None:
    first = deliver(assignment, pin="4711")
    assert deliver(assignment).json() == first.json()


def test_no_pin_is_asked_for_where_the_customer_has_none(assignment: Assignment) -> None:
    Order.objects.update(pin="")
    assert deliver(assignment).json()["status"] == "delivered"


def test_a_store_that_does_not_ask_ignores_what_is_given() -> None:
    assert deliver(make_picked_up(), pin="1234").json()["status"] == "delivered"


def test_nothing_can_be_guessed_before_the_pickup() -> None:
    early = make_accepted(product=make_product(make_store(requires_pin=True)))
    assert refusal(deliver(early, pin="0000")) == (409, "transition_not_allowed")
    assert attempts(early) == 0


def test_pins_are_compared_in_constant_time(assignment: Assignment) -> None:
    with patch.object(delivering, "constant_time_compare", return_value=False) as compare:
        deliver(assignment, pin="1234")
    compare.assert_called_once_with("1234", "4711")
