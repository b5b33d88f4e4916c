"""Many orders change hands at once: each is done or refused by itself, and a refusal says who was quicker."""

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from couriers.errors import CourierNotFound
from couriers.models import Assignment, Courier
from couriers.refusals import in_words
from couriers.services.carrying import pick_up
from couriers.services.dispatching import Handed, Handing, hand_over
from couriers.services.releasing import give_back
from couriers.tests.conftest import snapshot
from couriers.tests.factories import (
    accept,
    actor_of,
    make_accepted,
    make_courier,
    make_free_courier,
    make_picked_up,
    offer,
    staff,
)
from events.models import Event
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import mark_ready
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_product,
    make_ready_order,
    make_store,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return make_user(Role.DISPATCHER, name="Dana")


def hand(*orders: Order, to: Courier | None, by: User) -> list[Handed]:
    handings = [Handing(order_id=order.pk, version=order.version, courier_id=to.pk if to else None) for order in orders]
    return hand_over(handings, actor=Actor.of(by))


def codes(outcomes: list[Handed]) -> list[str | None]:
    return [outcome.refusal.code if outcome.refusal else None for outcome in outcomes]


def told(outcomes: list[Handed], *, reader: User | None = None) -> list[str]:
    words = in_words(outcomes, reader_id=reader.pk if reader else None)
    return [words.get(outcome.handing.order_id, "") for outcome in outcomes]


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def holders(*orders: Order) -> list[UUID | None]:
    return [fresh(order).courier_id for order in orders]


def loads(*couriers: Courier) -> list[int]:
    return [Courier.objects.get(pk=courier.pk).active_orders for courier in couriers]


def test_several_orders_are_given_to_a_courier(boss: User) -> None:
    orders, ana = [make_confirmed_order(), make_ready_order()], make_courier(capacity=2)

    outcomes = hand(*orders, to=ana, by=boss)

    assert [(outcome.has_moved, outcome.former_courier_id) for outcome in outcomes] == [(True, None), (True, None)]
    assert [outcome.version for outcome in outcomes] == [fresh(order).version for order in orders]
    assert holders(*orders) == [ana.pk, ana.pk]
    assert loads(ana) == [2]
    assigned = Assignment.objects.active().filter(courier=ana, assigned_by_id=boss.pk)
    assert {assignment.order_id for assignment in assigned} == {order.pk for order in orders}
    assert Event.objects.filter(type="assignment.accepted").count() == 2


def test_orders_that_others_are_to_fetch_are_moved(boss: User) -> None:
    held, waiting, ben = make_accepted(), make_confirmed_order(), make_courier(capacity=2)

    outcomes = hand(fresh(held.order), waiting, to=ben, by=boss)

    assert [outcome.former_courier_id for outcome in outcomes] == [held.courier_id, None]
    held.refresh_from_db()
    assert held.status == "released"
    assert holders(held.order, waiting) == [ben.pk, ben.pk]
    assert loads(held.courier, ben) == [0, 2]


def test_orders_are_taken_back(boss: User) -> None:
    first, second = make_accepted(), make_accepted()

    outcomes = hand(fresh(first.order), fresh(second.order), to=None, by=boss)

    assert [outcome.former_courier_id for outcome in outcomes] == [first.courier_id, second.courier_id]
    assert {fresh(one.order).status for one in (first, second)} == {"confirmed"}
    assert loads(first.courier, second.courier) == [0, 0]


def test_a_courier_is_filled_and_no_further(boss: User) -> None:
    orders, ana = [make_confirmed_order() for _ in range(3)], make_courier(name="Ana", capacity=2)

    outcomes = hand(*orders, to=ana, by=boss)

    assert codes(outcomes) == [None, None, "courier_at_capacity"]
    assert told(outcomes) == ["", "", "Ana carries 2 of 2 already"]
    assert holders(*orders) == [ana.pk, ana.pk, None]
    assert loads(ana) == [2]


def test_what_is_taken_back_makes_room_for_what_is_given(boss: User) -> None:
    held = make_accepted(courier=make_courier(capacity=1))
    other = make_confirmed_order()
    order = fresh(held.order)

    outcomes = hand_over(
        [
            Handing(order_id=order.pk, version=order.version, courier_id=None),
            Handing(order_id=other.pk, version=other.version, courier_id=held.courier_id),
        ],
        actor=Actor.of(boss),
    )

    assert codes(outcomes) == [None, None]
    assert loads(held.courier) == [1]


def test_what_is_so_already_is_done(boss: User) -> None:
    """Whoever repeats a request on a bad connection is answered as the first time."""
    order, ana = make_confirmed_order(), make_courier()
    hand(order, to=ana, by=boss)
    before = snapshot()

    repeated = hand(order, to=ana, by=boss)

    assert codes(repeated) == [None]
    assert not repeated[0].has_moved
    assert snapshot() == before
    waiting = make_confirmed_order()
    assert [one.has_moved for one in hand(waiting, to=None, by=boss)] == [False]


def test_one_refusal_keeps_nothing_else_from_being_done(boss: User) -> None:
    stale, good, unpaid, ana = make_confirmed_order(), make_confirmed_order(), make_order(), make_courier(capacity=5)
    accept(stale, courier=make_courier(name="Ben"))
    gone = Order(id=uuid4(), version=1)

    outcomes = hand(stale, unpaid, gone, good, to=ana, by=boss)

    assert codes(outcomes) == ["precondition_failed", "transition_not_allowed", "order_not_found", None]
    assert [outcome.version for outcome in outcomes] == [fresh(stale).version, 1, None, fresh(good).version]
    assert holders(unpaid, good) == [None, ana.pk]
    assert loads(ana) == [1]


def test_an_unknown_courier_refuses_everything(boss: User) -> None:
    order = make_confirmed_order()
    before = snapshot()
    with pytest.raises(CourierNotFound):
        hand(order, to=Courier(user_id=uuid4()), by=boss)
    assert snapshot() == before


def test_offers_to_others_end_with_it(boss: User) -> None:
    order, asked = make_confirmed_order(), make_free_courier()
    offered = offer(order, asked)[0]
    hand(fresh(order), to=make_courier(), by=boss)
    offered.refresh_from_db()
    assert (offered.status, offered.expiry_reason) == ("expired", "taken")


def test_a_refusal_says_which_courier_was_quicker(boss: User) -> None:
    order, ana, ben = make_confirmed_order(), make_courier(name="Ana"), make_courier(name="Ben")
    accept(order, courier=ana)
    before = snapshot()

    assert told(hand(order, to=ben, by=boss)) == ["Ana accepted it 1 s ago"]
    assert snapshot() == before


def test_a_refusal_says_which_dispatcher_was_quicker(boss: User) -> None:
    order, ana, ben = make_confirmed_order(), make_courier(name="Ana"), make_courier(name="Ben")
    hand(order, to=ana, by=boss)

    late = hand(order, to=ben, by=staff())

    assert told(late) == ["Dana gave it to Ana 1 s ago"]
    assert told(late, reader=boss) == ["You gave it to Ana 1 s ago"]


def test_a_refusal_says_what_else_has_happened(boss: User) -> None:
    ana, target = make_courier(name="Ana", capacity=9), make_courier(capacity=9)
    fetched, returned, cancelled, ready = (make_accepted(courier=ana) for _ in range(4))
    orders = [fresh(one.order) for one in (fetched, returned, cancelled)]
    pick_up(fetched.pk, actor=actor_of(ana))
    give_back(returned.pk, actor=actor_of(ana))
    cancel_order(cancelled.order_id, actor=Actor.of(boss), reason="Mistake")
    unready = make_confirmed_order()
    mark_ready(unready.pk, actor=Actor.of(boss))

    assert told(hand(*orders, unready, to=target, by=staff())) == [
        "Ana picked it up 1 s ago",
        "Ana gave it back 1 s ago",
        "Dana cancelled it 1 s ago",
        "Dana marked it ready 1 s ago",
    ]
    assert ready.is_active


def test_what_is_under_way_stays_with_its_courier(boss: User) -> None:
    assignment = make_picked_up(courier=make_courier(name="Ana"))
    order = fresh(assignment.order)
    before = snapshot()

    given = hand(order, to=make_courier(), by=boss)
    taken = hand(order, to=None, by=boss)

    assert codes([*given, *taken]) == ["transition_not_allowed"] * 2
    assert told(given) == ["Ana picked it up 1 s ago"]
    assert snapshot()[0] == before[0]
    assert snapshot()[1] == before[1]


def test_what_nobody_has_cannot_be_taken_back(boss: User) -> None:
    outcomes = hand(make_order(), to=None, by=boss)
    assert codes(outcomes) == ["transition_not_allowed"]
    assert told(outcomes) == ["An order that is created cannot become confirmed now."]


def test_couriers_of_other_stores_and_inactive_ones_are_refused_by_name(boss: User) -> None:
    order = make_confirmed_order()
    foreign = make_courier(name="Ana", stores=(make_store(),))
    left = make_courier(name="Ben")
    User.objects.filter(pk=left.pk).update(is_active=False)

    assert told(hand(order, to=foreign, by=boss)) == ["Ana does not ride for this store"]
    assert told(hand(order, to=left, by=boss)) == [
        "Ben does not work here at the moment: profile or account is inactive"
    ]
    assert holders(order) == [None]


def test_fifty_orders_cost_a_bounded_number_of_statements(boss: User) -> None:
    """Four each: order, counter, offers, assignment; timeline and events are written together."""
    product, ana = make_product(make_store(), stock=100), make_courier(capacity=50)
    orders = [make_confirmed_order(product=product) for _ in range(50)]

    with CaptureQueriesContext(connection) as queries:
        outcomes = hand(*orders, to=ana, by=boss)

    assert codes(outcomes) == [None] * 50
    assert len(queries) <= 50 * 4 + 15
