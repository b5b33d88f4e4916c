"""Two orders that failed in the hands of the same two couriers, the other way round, are anonymised at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from unittest.mock import patch
from uuid import UUID

from accounts.actors import Actor
from api.tests.waiting import PATIENCE_SECONDS, in_background, somebody_waits_for_a_lock, until
from couriers.locks import lock_carried
from couriers.models import Assignment, Courier
from couriers.services import anonymising, booking
from couriers.services.anonymising import forget_recipients
from couriers.services.carrying import fail, pick_up
from couriers.states import FailureReason
from couriers.tests.factories import accept, actor_of, make_courier, staff
from couriers.tests.races.calling import ON_POSTGRESQL
from orders.locks import lock_order
from orders.models import Order
from orders.services.confirming import confirm_order, mark_ready
from orders.tests.factories import make_paid_order

pytestmark = ON_POSTGRESQL


def failed_twice(*couriers: Courier) -> UUID:
    order, dispatcher = make_paid_order(), Actor.of(staff())
    for courier in couriers:
        confirm_order(order.id, actor=dispatcher)
        mark_ready(order.id, actor=dispatcher)
        assignment = accept(Order.objects.get(id=order.id), courier=courier)
        pick_up(assignment.id, actor=actor_of(courier))
        fail(assignment.id, actor=actor_of(courier), reason=FailureReason.NOBODY_HOME, note="Ada is away")
    return order.id


def attempts_at_forgetting(*order_ids: UUID) -> int:
    """How often the transactions had to begin: each waits with its first change until the other cannot go on."""
    save_changed = booking.save_changed
    changed, released = threading.Event(), threading.Event()
    begun: list[UUID] = []

    def save_and_wait(assignment: Assignment) -> None:
        save_changed(assignment)
        if not changed.is_set():
            changed.set()
            assert released.wait(PATIENCE_SECONDS)

    def begin(order_id: UUID) -> Order:
        begun.append(order_id)
        return lock_order(order_id)

    with (
        patch.object(anonymising, "save_changed", save_and_wait),
        patch.object(anonymising, "lock_order", begin),
        ThreadPoolExecutor(2) as pool,
    ):
        first = in_background(pool, partial(forget_recipients, order_ids[0]))
        assert changed.wait(PATIENCE_SECONDS)
        second = in_background(pool, partial(forget_recipients, order_ids[1]))
        until(somebody_waits_for_a_lock)
        released.set()
        for done in (first, second):
            done.result(PATIENCE_SECONDS)
    return len(begun)


def test_orders_that_shared_couriers_are_forgotten_without_a_deadlock() -> None:
    one, other = make_courier(), make_courier()
    assert attempts_at_forgetting(failed_twice(one, other), failed_twice(other, one)) == 2
    assert set(Assignment.objects.values_list("note", flat=True)) == {""}


def test_one_courier_after_the_other_they_wait_for_each_other() -> None:
    """The control: a courier is locked when the assignment's turn comes, after another courier's assignment."""
    one, other = make_courier(), make_courier()
    with (
        patch.object(anonymising, "lock_couriers", list),
        patch.object(anonymising, "lock_assignment", lambda key: lock_carried(key).assignment),
    ):
        assert attempts_at_forgetting(failed_twice(one, other), failed_twice(other, one)) == 3
