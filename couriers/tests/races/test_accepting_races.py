"""An order never has two couriers, and a courier never more orders than they can carry."""

from unittest.mock import patch
from uuid import UUID

from couriers.models import Assignment, Courier
from couriers.selectors import assignment_holding
from couriers.services import accepting, booking
from couriers.tests.factories import make_courier, staff
from couriers.tests.races.calling import (
    ON_POSTGRESQL,
    Call,
    answers,
    assert_counters_agree,
    call,
    rendezvous,
    unlocked_order,
)
from events.models import Event
from events.services.relaying import relay
from orders.models import Order
from orders.services import carrying
from orders.tests.factories import make_confirmed_order

pytestmark = ON_POSTGRESQL

TAKEN = (409, "order_already_assigned")
FULL = (409, "courier_at_capacity")
ROUNDS = 6


def accept(courier: Courier, order: Order) -> Call:
    return call(courier.user, f"orders/{order.id}/accept")


def test_of_a_hundred_couriers_exactly_one_gets_the_order() -> None:
    order = make_confirmed_order()
    couriers = [make_courier(name=f"Courier {number}") for number in range(100)]

    outcomes = answers([accept(courier, order) for courier in couriers])

    assert outcomes == {(200, ""): 1, TAKEN: 99}
    order.refresh_from_db()
    assignment = Assignment.objects.get()
    assert (order.status, order.courier_id) == ("assigned", assignment.courier_id)
    assert Event.objects.filter(type="assignment.accepted").count() == 1
    assert order.timeline.filter(what="assigned").count() == 1
    assert Courier.objects.filter(active_orders=1).count() == 1
    assert_counters_agree()


def test_without_the_orders_lock_the_loser_runs_into_a_fault() -> None:
    """The control: both find the order free. What is left then is one timeline entry per version of an order."""
    both_looked = rendezvous()

    def looked(order: Order) -> Assignment | None:
        held = assignment_holding(order)
        both_looked.wait()
        return held

    order = make_confirmed_order()
    with (
        patch.object(accepting, "lock_order", unlocked_order(rendezvous())),
        patch.object(accepting, "assignment_holding", looked),
    ):
        outcomes = answers([accept(make_courier(), order) for _ in range(2)])
    assert outcomes == {(200, ""): 1, (500, ""): 1}
    assert Assignment.objects.count() == 1


def test_without_lock_and_order_the_database_still_refuses_a_second_courier() -> None:
    order = make_confirmed_order()
    couriers = [make_courier() for _ in range(10)]
    with (
        patch.object(accepting, "lock_order", unlocked_order(rendezvous(10))),
        patch.object(carrying, "assign"),
    ):
        outcomes = answers([accept(courier, order) for courier in couriers])
    assert outcomes == {(200, ""): 1, TAKEN: 9}
    assert Assignment.objects.count() == 1
    assert_counters_agree()


def test_of_two_orders_a_courier_with_room_for_one_gets_one() -> None:
    for _ in range(ROUNDS):
        courier = make_courier(capacity=1)
        orders = [make_confirmed_order() for _ in range(2)]
        outcomes = answers([accept(courier, order) for order in orders])
        assert outcomes == {(200, ""): 1, FULL: 1}
        statuses = Order.objects.filter(pk__in=[order.pk for order in orders]).values_list("status", flat=True)
        assert sorted(statuses) == ["assigned", "confirmed"]
    assert_counters_agree()


def test_twenty_orders_fill_a_courier_to_the_brim_and_no_further() -> None:
    courier = make_courier(capacity=3)
    outcomes = answers([accept(courier, make_confirmed_order()) for _ in range(20)])
    assert outcomes == {(200, ""): 3, FULL: 17}
    assert_counters_agree()


def test_without_the_couriers_lock_the_database_still_refuses_the_order_too_many() -> None:
    """The control: both find room. The counter's own constraint says no, in the same words."""
    both_looked = rendezvous()

    def unlocked(courier_id: UUID) -> Courier:
        courier = Courier.objects.get(pk=courier_id)
        both_looked.wait()
        return courier

    courier = make_courier(capacity=1)
    with patch.object(accepting, "lock_courier", unlocked):
        outcomes = answers([accept(courier, make_confirmed_order()) for _ in range(2)])
    assert outcomes == {(200, ""): 1, FULL: 1}
    assert Order.objects.filter(status="confirmed").count() == 1
    assert_counters_agree()


def test_without_lock_and_counter_a_courier_is_overbooked() -> None:
    """The control of the control: what the constraint would not see, happens."""
    both_looked = rendezvous()

    def unlocked(courier_id: UUID) -> Courier:
        courier = Courier.objects.get(pk=courier_id)
        both_looked.wait()
        return courier

    courier = make_courier(capacity=1)
    with patch.object(accepting, "lock_courier", unlocked), patch.object(booking, "F", lambda name: _Counted()):
        outcomes = answers([accept(courier, make_confirmed_order()) for _ in range(2)])
    assert outcomes == {(200, ""): 2}
    assert Assignment.objects.active().count() == 2 > courier.capacity


class _Counted:
    """Counts as one would without the database: from what was read before."""

    def __add__(self, more: int) -> int:
        return 0 + more


def test_repeating_an_accept_at_the_same_moment_is_harmless() -> None:
    courier, order = make_courier(), make_confirmed_order()
    assert answers([accept(courier, order)] * 10) == {(200, ""): 10}
    assert Assignment.objects.count() == 1
    assert_counters_agree()


def test_accepting_against_cancelling_leaves_nobody_with_a_cancelled_order() -> None:
    dispatcher = staff()
    for _ in range(ROUNDS):
        order, courier = make_confirmed_order(), make_courier()
        cancel = call(dispatcher, f"orders/{order.id}/cancel", {"reason": "Out of bread"})
        outcomes = answers([accept(courier, order), cancel])
        assert outcomes in ({(200, ""): 2}, {(200, ""): 1, (409, "transition_not_allowed"): 1})
        order.refresh_from_db()
        assert order.status == "cancelled"
    relay()
    assert Assignment.objects.active().count() == 0
    assert_counters_agree()


def test_one_user_becomes_one_courier() -> None:
    dispatcher, courier = staff(), make_courier()
    Courier.objects.all().delete()
    add = call(dispatcher, "couriers", {"user_id": str(courier.pk), "name": "Kim"})
    assert answers([add] * 10) == {(201, ""): 1, (409, "courier_exists"): 9}
    assert Courier.objects.count() == 1
