"""Plans that are made at the same moment, and couriers who are quicker than a plan."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from unittest.mock import patch
from uuid import UUID

from api.tests.waiting import at_once
from couriers.matching.plan import Plan
from couriers.models import Assignment, Courier, MatchingDecision
from couriers.services import matching
from couriers.services.deciding import plan_for
from couriers.services.matching import match_waiting
from couriers.tests.factories import accept, make_free_courier
from couriers.tests.races.calling import ON_POSTGRESQL, assert_counters_agree, rendezvous
from orders.models import Order
from orders.tests.factories import make_product, make_ready_order, make_store

pytestmark = ON_POSTGRESQL

ROUNDS = 4


def waiting(count: int) -> list[Order]:
    store = make_store(offers_automatically=True)
    return [make_ready_order(product=make_product(store)) for _ in range(count)]


def all_planned_at_once(parties: int) -> Callable[..., Plan]:
    """Nobody makes an offer before all have their plan."""
    meeting = rendezvous(parties)

    def plan(orders: list[Order], *, now: datetime) -> Plan:
        made = plan_for(orders, now=now)
        meeting.wait()
        return made

    return plan


def test_two_plans_at_once_offer_each_order_once() -> None:
    for _ in range(ROUNDS):
        orders = waiting(3)
        couriers = [make_free_courier(capacity=2) for _ in range(4)]
        with patch.object(matching, "plan_for", all_planned_at_once(2)):
            assert sum(at_once([match_waiting] * 2)) == 3
        assert Assignment.objects.offered().filter(order__in=orders).count() == 3
        assert MatchingDecision.objects.filter(order__in=orders).count() == 3
        Courier.objects.filter(pk__in=[one.pk for one in couriers]).update(status="offline")


def test_without_the_orders_lock_it_is_decided_twice() -> None:
    """The control: both find that nobody is asked, and both decide."""
    (order,) = waiting(1)
    make_free_courier(capacity=2)
    both_looked = rendezvous()

    def unlocked(order_id: UUID) -> list[Assignment]:
        found = list(Assignment.objects.offered().filter(order_id=order_id))
        both_looked.wait()
        return found

    with (
        patch.object(matching, "plan_for", all_planned_at_once(2)),
        patch.object(matching, "lock_order", lambda order_id: Order.objects.get(pk=order_id)),
        patch.object(matching, "lock_offers", unlocked),
    ):
        at_once([match_waiting] * 2)
    assert MatchingDecision.objects.filter(order=order).count() == 2


def test_a_courier_who_is_quicker_than_the_plan_has_the_order() -> None:
    (order,) = waiting(1)
    quick, planned = make_free_courier(), make_free_courier()

    def plan_and_be_overtaken(orders: list[Order], *, now: datetime) -> Plan:
        made = plan_for(orders, now=now)
        at_once([partial(accept, order, courier=quick)])
        return made

    with patch.object(matching, "plan_for", plan_and_be_overtaken):
        assert match_waiting() == 0
    assert [one.courier_id for one in Assignment.objects.all()] == [quick.id]
    assert MatchingDecision.objects.count() == 0
    assert not Assignment.objects.filter(courier=planned).exists()
    assert_counters_agree()
