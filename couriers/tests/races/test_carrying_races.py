"""Staff and couriers, or a courier's two phones, act on one order at the same moment."""

from collections.abc import Callable, Iterable
from functools import partial
from unittest.mock import patch
from uuid import UUID

from accounts.actors import Actor
from api import transactions
from api.tests.waiting import at_once
from couriers import locks
from couriers.models import Assignment, Courier
from couriers.services import assigning
from couriers.services.releasing import release_cancelled
from couriers.tests.factories import make_accepted, make_courier, make_picked_up, staff
from couriers.tests.races.calling import (
    ON_POSTGRESQL,
    answers,
    assert_counters_agree,
    call,
    loads,
    rendezvous,
    unlocked_order,
)
from events.models import Event
from events.services.relaying import relay
from orders.models import Order
from orders.services import cancelling
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order, make_product, make_store

pytestmark = ON_POSTGRESQL

REFUSED = (409, "transition_not_allowed")
ROUNDS = 6


def test_cancelling_against_picking_up_lets_one_win_and_tells_the_other() -> None:
    dispatcher = staff()
    for _ in range(ROUNDS):
        assignment = make_accepted()
        outcomes = answers(
            [
                call(assignment.courier.user, f"assignments/{assignment.id}/pick-up"),
                call(dispatcher, f"orders/{assignment.order_id}/cancel", {"reason": "Out of bread"}),
            ]
        )
        assert outcomes == {(200, ""): 1, REFUSED: 1}
        order = Order.objects.get(pk=assignment.order_id)
        assert order.status in {"picked_up", "cancelled"}
        relay()
        assignment.refresh_from_db()
        assert assignment.status == ("picked_up" if order.status == "picked_up" else "released")
    assert_counters_agree()


def test_without_the_lock_the_loser_of_cancel_and_pickup_runs_into_a_fault() -> None:
    """The control: both find the order assigned; only the timeline's constraint keeps it from being both."""
    assignment = make_accepted()
    unlocked = unlocked_order(rendezvous())
    with patch.object(locks, "lock_order", unlocked), patch.object(cancelling, "lock_order", unlocked):
        outcomes = answers(
            [
                call(assignment.courier.user, f"assignments/{assignment.id}/pick-up"),
                call(staff(), f"orders/{assignment.order_id}/cancel", {"reason": "Out of bread"}),
            ]
        )
    assert outcomes == {(200, ""): 1, (500, ""): 1}


def test_two_dispatchers_assign_one_order_and_the_later_one_has_the_last_word() -> None:
    for _ in range(ROUNDS):
        order = make_confirmed_order()
        couriers = [make_courier(), make_courier()]
        outcomes = answers(
            [call(staff(), f"orders/{order.id}/assign", {"courier_id": str(courier.id)}) for courier in couriers]
        )
        assert outcomes == {(200, ""): 2}
        order.refresh_from_db()
        held = Assignment.objects.active().get(order=order)
        assert order.courier_id == held.courier_id
        assert list(Assignment.objects.filter(order=order).order_by("pk").values_list("status", flat=True)) == [
            "released",
            "accepted",
        ]
    assert_counters_agree()


def test_without_the_lock_one_of_two_dispatchers_runs_into_a_fault() -> None:
    order = make_confirmed_order()
    with patch.object(assigning, "lock_order", unlocked_order(rendezvous())):
        outcomes = answers(
            [call(staff(), f"orders/{order.id}/assign", {"courier_id": str(make_courier().id)}) for _ in range(2)]
        )
    assert outcomes == {(200, ""): 1, (500, ""): 1}
    assert Assignment.objects.count() == 1


def swapped() -> list[Callable[[], str]]:
    """Two dispatchers give the orders of two couriers to the respective other one."""
    one, other = make_courier(capacity=2), make_courier(capacity=2)
    first, second = make_accepted(courier=one), make_accepted(courier=other)
    return [partial(_assign, first.order_id, other), partial(_assign, second.order_id, one)]


def _assign(order_id: UUID, courier: Courier) -> str:
    return assigning.assign_order(order_id, courier_id=courier.id, actor=Actor.of(staff())).status


def test_swapping_orders_between_two_couriers_needs_no_second_attempt() -> None:
    with patch.object(transactions, "pause_seconds", wraps=transactions.pause_seconds) as pauses:
        for _ in range(ROUNDS):
            assert at_once(swapped()) == ["accepted", "accepted"]
    assert pauses.call_count == 0
    assert_counters_agree()


def test_without_the_order_of_the_locks_swapping_deadlocks_and_is_tried_again() -> None:
    """The control: each locks first the courier they give to."""
    both_hold_one = rendezvous()
    attempts: list[UUID] = []

    def unordered(courier_ids: Iterable[UUID]) -> dict[UUID, Courier]:
        to, away = courier_ids
        attempts.append(to)
        locked = {to: locks.lock_courier(to)}
        if len(attempts) <= 2:
            both_hold_one.wait()
        return {**locked, away: locks.lock_courier(away)}

    with (
        patch.object(assigning, "lock_couriers", unordered),
        patch.object(transactions, "pause_seconds", wraps=transactions.pause_seconds) as pauses,
    ):
        assert at_once(swapped()) == ["accepted", "accepted"]
    assert pauses.call_count >= 1
    assert_counters_agree()


def cancelled_with_another_in_hand() -> Assignment:
    courier = make_courier(capacity=2)
    make_accepted(courier=courier)
    assignment = make_accepted(courier=courier)
    cancel_order(assignment.order_id, actor=Actor.of(staff()), reason="Out of bread")
    return assignment


def test_a_release_that_is_handled_twice_at_once_frees_the_courier_once() -> None:
    assignment = cancelled_with_another_in_hand()
    at_once([partial(release_cancelled, assignment.order_id)] * 5)
    assert Event.objects.filter(type="assignment.released").count() == 1
    assert loads() == [(1, 1)]


def test_without_the_locks_the_courier_is_freed_twice() -> None:
    """The control: both see the assignment active, and the counter forgets an order that is still carried."""
    assignment = cancelled_with_another_in_hand()
    both_read = rendezvous()

    def unlocked_carried(assignment_id: UUID) -> locks.Carried:
        found = Assignment.objects.select_related("order", "courier").get(pk=assignment_id)
        both_read.wait()
        return locks.Carried(found.order, found.courier, found)

    with patch("couriers.services.releasing.lock_carried", unlocked_carried):
        at_once([partial(release_cancelled, assignment.order_id)] * 2)
    assert loads() == [(0, 1)]


def test_delivering_from_two_phones_at_once_counts_once() -> None:
    courier = make_courier(capacity=2)
    make_accepted(courier=courier)
    assignment = make_picked_up(courier=courier)
    deliver = call(courier.user, f"assignments/{assignment.id}/deliver", {"recipient": "Ada"})
    assert answers([deliver] * 5) == {(200, ""): 5}
    assert loads() == [(1, 1)]
    assert Order.objects.get(pk=assignment.order_id).timeline.filter(what="delivered").count() == 1


def test_giving_back_against_taking_back_happens_once() -> None:
    for _ in range(ROUNDS):
        assignment = make_accepted()
        outcomes = answers(
            [
                call(assignment.courier.user, f"assignments/{assignment.id}/release"),
                call(staff(), f"orders/{assignment.order_id}/unassign"),
            ]
        )
        assert outcomes == {(200, ""): 2}
        assert Order.objects.get(pk=assignment.order_id).timeline.filter(what="unassigned").count() == 1
    assert_counters_agree()


def at_the_door() -> Assignment:
    assignment = make_picked_up(product=make_product(make_store(requires_pin=True)))
    Order.objects.update(pin="4711")
    return assignment


def test_guessing_pins_from_many_phones_at_once_does_not_give_more_guesses() -> None:
    assignment = at_the_door()
    guess = call(assignment.courier.user, f"assignments/{assignment.id}/deliver", {"pin": "0000"})
    assert answers([guess] * 20) == {(409, "wrong_pin"): 5, (409, "pin_locked"): 15}
    assert Assignment.objects.get().pin_attempts == 5


def test_without_the_locks_guesses_are_lost() -> None:
    """The control: both count from the same number."""
    assignment = at_the_door()
    both_read = rendezvous()

    def unlocked_carried(assignment_id: UUID) -> locks.Carried:
        found = Assignment.objects.select_related("order__store", "courier").get(pk=assignment_id)
        both_read.wait()
        return locks.Carried(found.order, found.courier, found)

    guess = call(assignment.courier.user, f"assignments/{assignment.id}/deliver", {"pin": "0000"})
    with patch("couriers.services.delivering.lock_carried", unlocked_carried):
        assert answers([guess] * 2) == {(409, "wrong_pin"): 2}
    assert Assignment.objects.get().pin_attempts == 1
