from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Role
from couriers.models import Assignment, Courier
from couriers.states import FailureReason
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, make_picked_up, make_unready, staff
from events.models import Event
from orders.models import Order
from orders.tests.factories import make_user

pytestmark = pytest.mark.django_db

BODIES = {"pick-up": {}, "release": {}, "deliver": {}, "fail": {"reason": "nobody_home"}}
ACTIONS = list(BODIES)


def act(assignment: Assignment, action: str, body: dict[str, str] | None = None, **headers: str) -> Any:
    """As the courier whose assignment it is."""
    caller = Caller(assignment.courier.user)
    return caller.post(f"assignments/{assignment.id}/{action}", BODIES[action] if body is None else body, **headers)


def stand(assignment: Assignment) -> tuple[str, str, int]:
    """The states of order and assignment, and how much the courier carries."""
    order = Order.objects.get(pk=assignment.order_id)
    courier = Courier.objects.get(pk=assignment.courier_id)
    return order.status, Assignment.objects.get(pk=assignment.pk).status, courier.active_orders


def test_a_courier_picks_up_and_delivers() -> None:
    assignment = make_accepted()

    picked_up = act(assignment, "pick-up")

    assert (picked_up.status_code, picked_up.json()["status"], picked_up["ETag"]) == (200, "picked_up", '"2"')
    assert picked_up.json()["picked_up_at"] is not None
    assert stand(assignment) == ("picked_up", "picked_up", 1)

    delivered = act(assignment, "deliver", {"recipient": "Ada", "note": "At the gate"})

    body = delivered.json()
    assert (delivered.status_code, body["status"], delivered["ETag"]) == (200, "delivered", '"3"')
    assert (body["recipient"], body["note"]) == ("Ada", "At the gate")
    assert body["delivered_at"] is not None
    assert stand(assignment) == ("delivered", "delivered", 0)


def test_a_courier_does_not_pick_up_before_the_order_is_ready() -> None:
    assignment = make_unready()
    before = snapshot()
    assert refusal(act(assignment, "pick-up")) == (409, "order_not_ready")
    assert snapshot() == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_staff_may_say_that_it_was_picked_up_early(role: Role) -> None:
    assignment = make_unready()
    response = Caller(staff(role)).post(f"assignments/{assignment.id}/pick-up")
    assert response.status_code == 200
    assert stand(assignment) == ("picked_up", "picked_up", 1)


def test_a_courier_gives_an_order_back() -> None:
    assignment = make_accepted()

    response = act(assignment, "release", {"reason": "Flat tyre"})

    assert (response.status_code, response.json()["status"]) == (200, "released")
    assert stand(assignment) == ("confirmed", "released", 0)
    order = Order.objects.get()
    assert order.courier_id is None
    assert order.timeline.last().reason == "Flat tyre"  # type: ignore[union-attr]
    assert Event.objects.get(type="assignment.released").data["reason"] == "given_back"


def test_what_was_picked_up_cannot_be_given_back() -> None:
    assignment = make_picked_up()
    before = snapshot()
    response = act(assignment, "release")
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == ["delivered", "failed"]
    assert snapshot() == before


@pytest.mark.parametrize("reason", FailureReason.values)
def test_a_courier_says_why_a_delivery_failed(reason: str) -> None:
    assignment = make_picked_up()

    response = act(assignment, "fail", {"reason": reason, "note": "Rang twice"})

    body = response.json()
    assert (response.status_code, body["status"]) == (200, "failed")
    assert (body["failure_reason"], body["note"], body["delivered_at"]) == (reason, "Rang twice", None)
    assert stand(assignment) == ("failed", "failed", 0)
    assert Order.objects.get().timeline.last().reason == reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ({"reason": "dog in the garden"}, "dog in the garden"),
        ({"reason": "x" * 100, "note": "y" * 398}, f"{'x' * 100}: {'y' * 398}"),
    ],
)
def test_a_reason_in_their_own_words_is_kept_in_the_note_and_out_of_events(body: dict[str, Any], note: str) -> None:
    assignment = make_picked_up()

    response = act(assignment, "fail", body)

    answer = response.json()
    assert (response.status_code, answer["failure_reason"], answer["note"]) == (200, "other", note)
    assert Event.objects.get(type="order.failed").data["reason"] == "other"
    assert Order.objects.get().timeline.last().reason == "other"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 101}, "/reason"),
        ({"reason": "other", "note": "x" * 399}, "/note"),
        ({"reason": "other", "sorry": True}, "/sorry"),
    ],
)
def test_a_failure_needs_a_reason(body: dict[str, Any], pointer: str) -> None:
    assignment = make_picked_up()
    before = snapshot()
    response = act(assignment, "fail", body)
    assert refusal(response) == (400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert snapshot() == before


@pytest.mark.parametrize("action", ["deliver", "fail"])
def test_nothing_is_handed_over_before_it_is_picked_up(action: str) -> None:
    assignment = make_accepted()
    before = snapshot()
    response = act(assignment, action)
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == ["confirmed", "picked_up"]
    assert snapshot() == before


@pytest.mark.parametrize(
    ("action", "make"),
    [("pick-up", make_accepted), ("release", make_accepted), ("deliver", make_picked_up), ("fail", make_picked_up)],
)
def test_repeating_ones_own_action_answers_as_the_first_time_did(action: str, make: Any) -> None:
    assignment = make()
    first = act(assignment, action)
    before = snapshot()
    again = act(assignment, action)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert snapshot() == before


def test_a_pickup_that_is_told_again_after_the_delivery_is_harmless() -> None:
    assignment = make_picked_up()
    act(assignment, "deliver")
    before = snapshot()
    assert (act(assignment, "pick-up").status_code, snapshot()) == (200, before)


@pytest.mark.parametrize(("done", "then"), [("deliver", "fail"), ("fail", "deliver"), ("deliver", "release")])
def test_what_is_over_is_over(done: str, then: str) -> None:
    assignment = make_picked_up()
    act(assignment, done)
    before = snapshot()
    response = act(assignment, then)
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == []
    assert response.json()["assignment_status"] == ("delivered" if done == "deliver" else "failed")
    assert snapshot() == before


def test_a_released_courier_cannot_pick_up_what_another_one_has() -> None:
    assignment = make_accepted()
    act(assignment, "release")
    other = make_courier()
    Caller(other.user).post(f"orders/{assignment.order_id}/accept")
    before = snapshot()
    assert refusal(act(assignment, "pick-up")) == (409, "transition_not_allowed")
    assert snapshot() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_another_courier_finds_no_such_assignment(action: str) -> None:
    assignment = make_accepted()
    other = make_courier()
    before = snapshot()
    response = Caller(other.user).post(f"assignments/{assignment.id}/{action}", BODIES[action])
    assert refusal(response) == (404, "assignment_not_found")
    assert snapshot() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unknown_assignment_is_not_found(action: str) -> None:
    response = Caller(staff()).post(f"assignments/{uuid4()}/{action}", BODIES[action])
    assert refusal(response) == (404, "assignment_not_found")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.CUSTOMER, Role.INTEGRATOR])
def test_others_lack_the_scope(action: str, role: Role) -> None:
    assignment = make_accepted()
    response = Caller(make_user(role)).post(f"assignments/{assignment.id}/{action}", BODIES[action])
    assert refusal(response) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("action", "make"),
    [("pick-up", make_accepted), ("release", make_accepted), ("deliver", make_picked_up), ("fail", make_picked_up)],
)
def test_if_match_names_the_version_of_the_assignment(action: str, make: Any) -> None:
    assignment = make()
    before = snapshot()
    stale = act(assignment, action, if_match='"7"')
    assert refusal(stale) == (412, "precondition_failed")
    assert stale["ETag"] == f'"{assignment.version}"'
    assert snapshot() == before
    assert act(assignment, action, if_match=stale["ETag"]).status_code == 200


def test_a_malformed_if_match_is_refused_even_where_the_answer_would_be_replayed() -> None:
    assignment = make_accepted()
    assert act(assignment, "pick-up", key="k-1", if_match='"1"').status_code == 200
    assert refusal(act(assignment, "pick-up", key="k-1", if_match="1")) == (400, "invalid_request")


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_key_replays_the_answer(action: str) -> None:
    assignment = make_accepted() if action in ("pick-up", "release") else make_picked_up()
    first = act(assignment, action, key="k-1")
    again = act(assignment, action, key="k-1")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", first.json())


def test_a_failed_order_goes_out_again_with_another_courier() -> None:
    assignment = make_picked_up()
    act(assignment, "fail")
    dispatcher = Caller(staff())
    dispatcher.post(f"orders/{assignment.order_id}/confirm")
    other = make_courier()
    assert Caller(other.user).post(f"orders/{assignment.order_id}/accept").status_code == 200
    assert list(Assignment.objects.order_by("pk").values_list("status", flat=True)) == ["failed", "accepted"]
