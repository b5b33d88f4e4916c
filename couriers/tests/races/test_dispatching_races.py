"""Dispatchers give the same orders to different couriers, and undo what a courier is just picking up."""

import random
from collections.abc import Callable, Iterable
from functools import partial
from unittest.mock import patch
from uuid import UUID

from accounts.actors import Actor
from accounts.models import User
from api.errors import CataloguedError
from api.tests.waiting import at_once
from couriers.models import Assignment, Courier
from couriers.services import dispatching
from couriers.services.carrying import pick_up
from couriers.services.dispatching import Handed, Handing, hand_over
from couriers.tests.factories import accept, actor_of, make_courier, staff
from couriers.tests.races.calling import ON_POSTGRESQL, assert_counters_agree, loads, rendezvous
from events.models import Event
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_product, make_ready_order

pytestmark = ON_POSTGRESQL

ROUNDS = 6
MANY = 12


def waiting_orders(count: int) -> list[Order]:
    product = make_product(stock=count)
    return [make_confirmed_order(product=product) for _ in range(count)]


def handings(orders: Iterable[Order], *, to: Courier | None) -> list[Handing]:
    return [Handing(order_id=order.pk, version=order.version, courier_id=to.pk if to else None) for order in orders]


def handing_over(wishes: list[Handing], *, by: User) -> Callable[[], list[Handed]]:
    return partial(hand_over, wishes, actor=Actor.of(by))


def quietly(work: Callable[[], object]) -> Callable[[], object]:
    def attempt() -> object:
        try:
            return work()
        except CataloguedError as refusal:
            return refusal.code

    return attempt


def codes(outcomes: list[Handed]) -> set[str | None]:
    return {outcome.refusal.code if outcome.refusal else None for outcome in outcomes}


def assert_each_order_has_one_courier(orders: Iterable[Order]) -> None:
    for order in orders:
        held = Assignment.objects.active().get(order=order)
        assert Order.objects.get(pk=order.pk).courier_id == held.courier_id


def test_of_two_dispatchers_who_give_the_same_orders_one_does() -> None:
    for _ in range(ROUNDS):
        orders = waiting_orders(MANY)
        couriers = [make_courier(capacity=MANY), make_courier(capacity=MANY)]
        shuffled = random.sample(orders, MANY)
        done = at_once(
            [
                handing_over(handings(orders, to=couriers[0]), by=staff()),
                handing_over(handings(shuffled, to=couriers[1]), by=staff()),
            ]
        )
        assert [codes(outcomes) for outcomes in sorted(done, key=lambda one: codes(one) != {None})] == [
            {None},
            {"precondition_failed"},
        ]
        assert_each_order_has_one_courier(orders)
    assert Event.objects.filter(type="assignment.accepted").count() == ROUNDS * MANY
    assert_counters_agree()


def test_without_the_orders_locks_the_database_refuses_the_second_command() -> None:
    """The control: both find the orders free. One active assignment for each is what is left then."""
    meeting = rendezvous()

    def unlocked(order_ids: Iterable[UUID]) -> dict[UUID, Order]:
        orders = {order.pk: order for order in Order.objects.select_related("store").filter(pk__in=set(order_ids))}
        meeting.wait()
        return orders

    orders = waiting_orders(2)
    wishes = [handings(orders, to=make_courier(capacity=2)) for _ in range(2)]
    with patch.object(dispatching, "lock_orders", unlocked):
        done = at_once([quietly(handing_over(wish, by=staff())) for wish in wishes])
    assert [outcome for outcome in done if isinstance(outcome, str)] == ["order_already_assigned"]
    assert_each_order_has_one_courier(orders)
    assert_counters_agree()


def test_two_commands_fill_a_courier_to_the_brim_and_no_further() -> None:
    for _ in range(ROUNDS):
        courier = make_courier(capacity=MANY)
        first, second = waiting_orders(MANY), waiting_orders(MANY)
        done = at_once([handing_over(handings(orders, to=courier), by=staff()) for orders in (first, second)])
        outcomes = [outcome for half in done for outcome in half]
        assert codes(outcomes) == {None, "courier_at_capacity"}
        assert sum(outcome.has_moved for outcome in outcomes) == MANY
    assert_counters_agree()


def test_without_the_couriers_lock_the_database_refuses_the_second_command() -> None:
    """The control: both find room for all. The counter's own constraint says no."""
    meeting = rendezvous()

    def unlocked(courier_ids: Iterable[UUID]) -> dict[UUID, Courier]:
        couriers = {courier.pk: courier for courier in Courier.objects.filter(pk__in=set(courier_ids))}
        meeting.wait()
        return couriers

    courier = make_courier(capacity=2)
    wishes = [handings(waiting_orders(2), to=courier) for _ in range(2)]
    with patch.object(dispatching, "lock_couriers", unlocked):
        done = at_once([quietly(handing_over(wish, by=staff())) for wish in wishes])
    assert [outcome for outcome in done if isinstance(outcome, str)] == ["courier_at_capacity"]
    assert loads() == [(2, 2)]


def test_commands_that_cross_each_other_do_not_wait_for_each_other() -> None:
    """Orders and couriers of one are those of the other, in other orders."""
    for _ in range(ROUNDS):
        ana, ben = make_courier(capacity=MANY), make_courier(capacity=MANY)
        orders = waiting_orders(MANY)
        boss = Actor.of(staff())
        hand_over(handings(orders[: MANY // 2], to=ana), actor=boss)
        hand_over(handings(orders[MANY // 2 :], to=ben), actor=boss)
        now = list(Order.objects.filter(pk__in=[order.pk for order in orders]))
        crossed = [handings(random.sample(now, MANY), to=courier) for courier in (ana, ben)]
        at_once([handing_over(wish, by=staff()) for wish in crossed])
        assert_each_order_has_one_courier(orders)
    assert_counters_agree()


def test_undoing_against_picking_up_lets_one_win_and_tells_the_other() -> None:
    for _ in range(ROUNDS):
        boss, courier, order = staff(), make_courier(), make_ready_order()
        given = hand_over(handings([order], to=courier), actor=Actor.of(boss))[0]
        assignment = Assignment.objects.get(order=order)
        undo = [Handing(order_id=order.pk, version=given.version or 0, courier_id=None)]
        undone, fetched = at_once(
            [
                handing_over(undo, by=boss),
                quietly(partial(pick_up, assignment.pk, actor=actor_of(courier))),
            ]
        )
        order.refresh_from_db()
        if fetched == "transition_not_allowed":
            assert (codes(undone), order.status) == ({None}, "confirmed")
        else:
            assert (codes(undone), order.status) == ({"precondition_failed"}, "picked_up")
    assert_counters_agree()


def test_giving_against_accepting_leaves_one_courier() -> None:
    for _ in range(ROUNDS):
        orders, quick, chosen = waiting_orders(3), make_courier(capacity=3), make_courier(capacity=3)
        accepting = [quietly(partial(accept, order, courier=quick)) for order in orders]
        at_once([*accepting, handing_over(handings(orders, to=chosen), by=staff())])
        assert_each_order_has_one_courier(orders)
    assert_counters_agree()
