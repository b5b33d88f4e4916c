"""An order is cancelled while a courier has it: by event, and safe before the event has arrived."""

import pytest

from accounts.actors import Actor
from couriers.models import Assignment, Courier
from couriers.services.releasing import release_cancelled
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, make_picked_up, staff
from couriers.tests.test_carrying import ACTIONS, act, stand
from events.models import Event, EventDelivery
from events.services.relaying import relay
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order

pytestmark = pytest.mark.django_db


def cancelled(assignment: Assignment) -> Assignment:
    cancel_order(assignment.order_id, actor=Actor.of(staff()), reason="Out of bread")
    return assignment


def test_the_courier_of_a_cancelled_order_is_free_again() -> None:
    assignment = cancelled(make_accepted())
    assert stand(assignment) == ("cancelled", "accepted", 1)

    relay()

    assert stand(assignment) == ("cancelled", "released", 0)
    assert Assignment.objects.get().ended_at is not None
    released = Event.objects.get(type="assignment.released")
    assert (released.subject_id, released.data["reason"]) == (assignment.id, "order_cancelled")
    assert EventDelivery.objects.get(destination="couriers.release_cancelled").state == "delivered"


def test_the_courier_is_freed_once() -> None:
    assignment = cancelled(make_accepted())
    release_cancelled(assignment.order_id)
    before = snapshot()
    release_cancelled(assignment.order_id)
    assert snapshot() == before
    assert Courier.objects.get().active_orders == 0


def test_an_order_that_is_not_cancelled_stays_with_its_courier() -> None:
    assignment = make_accepted()
    before = snapshot()
    release_cancelled(assignment.order_id)
    assert snapshot() == before


def test_cancelling_an_order_nobody_has_concerns_no_courier() -> None:
    order = make_confirmed_order()
    cancel_order(order.id, actor=Actor.of(staff()), reason="Out of bread")
    relay()
    assert Event.objects.filter(type__startswith="assignment.").count() == 0


@pytest.mark.parametrize("is_released", [False, True], ids=["before the release", "after the release"])
@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_can_be_done_with_a_cancelled_order(action: str, is_released: bool) -> None:
    assignment = cancelled(make_accepted())
    if is_released:
        relay()
    before = snapshot()
    response = act(assignment, action)
    assert refusal(response) == (409, "transition_not_allowed")
    assert response.json()["allowed"] == []
    assert snapshot() == before


def test_giving_back_told_again_after_the_order_was_cancelled_is_harmless() -> None:
    assignment = make_accepted()
    first = act(assignment, "release")
    cancelled(assignment)
    relay()
    assert (act(assignment, "release").status_code, act(assignment, "release").json()) == (200, first.json())


def test_cancelling_what_failed_releases_nobody_twice() -> None:
    assignment = make_picked_up()
    act(assignment, "fail")
    cancelled(assignment)
    relay()
    assert stand(assignment) == ("cancelled", "failed", 0)


def test_a_courier_freed_by_a_cancellation_can_accept_again() -> None:
    courier = make_courier(capacity=1)
    cancelled(make_accepted(courier=courier))
    relay()
    assert Caller(courier.user).post(f"orders/{make_confirmed_order().id}/accept").status_code == 200
