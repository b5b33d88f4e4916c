"""Sweeps at once tell of a waiting order once, and never of one that a courier has just taken."""

import threading
from typing import Any
from unittest.mock import patch
from uuid import UUID

from api.tests.waiting import PATIENCE_SECONDS, at_once, somebody_waits_for_a_lock, until
from couriers.models import WaitReport
from couriers.services import waiting
from couriers.services.waiting import report_waiting_orders
from couriers.tests.factories import accept, make_courier
from couriers.tests.races.calling import ON_POSTGRESQL, rendezvous
from couriers.tests.test_waiting import let_wait, told
from events.models import Event
from orders.models import Order
from orders.tests.factories import make_confirmed_order

pytestmark = ON_POSTGRESQL


def without_lock(order_id: UUID) -> Order:
    return Order.objects.get(pk=order_id)


def test_of_many_sweeps_one_tells() -> None:
    orders = [let_wait(make_confirmed_order()) for _ in range(3)]

    counts = at_once([report_waiting_orders] * 8)

    assert sum(counts) == 3
    assert sorted(event.subject_id for event in told()) == sorted(order.id for order in orders)


def test_without_the_lock_the_constraint_alone_keeps_it_from_being_told_twice() -> None:
    """The other sweep fails where it would only have found nothing to do."""
    let_wait(make_confirmed_order())
    meeting, create = rendezvous(), WaitReport.objects.create

    def both_at_once(**fields: Any) -> WaitReport:
        meeting.wait()
        return create(**fields)

    with (
        patch.object(waiting, "lock_order", without_lock),
        patch.object(WaitReport.objects, "create", both_at_once),
        patch("orders.services.sweeping.logger.exception") as complaint,
    ):
        counts = at_once([report_waiting_orders] * 2)

    assert (sum(counts), len(told()), WaitReport.objects.count()) == (1, 1, 1)
    assert complaint.call_count == 1


def accept_while_it_is_told(order: Order) -> None:
    """A courier accepts between the sweep's last look and its event, as far as the locks let them."""
    courier, create = make_courier(), WaitReport.objects.create
    has_looked, accepted, waits = threading.Event(), threading.Event(), threading.Event()

    def hold_up(**fields: Any) -> WaitReport:
        has_looked.set()
        until(lambda: accepted.is_set() or waits.is_set())
        return create(**fields)

    def take() -> None:
        has_looked.wait(PATIENCE_SECONDS)
        accept(order, courier=courier)
        accepted.set()

    def watch() -> None:
        until(lambda: accepted.is_set() or somebody_waits_for_a_lock())
        waits.set()

    with patch.object(WaitReport.objects, "create", hold_up):
        at_once([report_waiting_orders, take, watch])


def test_a_courier_who_accepts_meanwhile_waits_until_it_is_told() -> None:
    order = let_wait(make_confirmed_order())

    accept_while_it_is_told(order)

    (event,) = told()
    order.refresh_from_db()
    assert (order.status, event.subject_version) == ("assigned", order.version - 1)
    assert event.position < order_event(order, "order.assigned")


def test_without_the_lock_it_is_told_of_an_order_that_a_courier_has() -> None:
    order = let_wait(make_confirmed_order())

    with patch.object(waiting, "lock_order", without_lock):
        accept_while_it_is_told(order)

    (event,) = told()
    assert event.position > order_event(order, "order.assigned")


def order_event(order: Order, event_type: str) -> int:
    return Event.objects.get(subject_id=order.id, type=event_type).position
