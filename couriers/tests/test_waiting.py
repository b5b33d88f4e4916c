"""Orders that nobody comes for are told of, once for each time they begin to wait."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from accounts.actors import Actor
from couriers.models import WaitReport
from couriers.services.releasing import give_back
from couriers.services.waiting import report_waiting_orders
from couriers.tasks import report_waiting_orders as task
from couriers.tests.factories import accept, make_accepted, make_courier, make_picked_up, staff
from events.models import Event
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order, make_paid_order

pytestmark = pytest.mark.django_db

TOO_LONG = 601


@pytest.fixture(autouse=True)
def ten_minutes(settings: Any) -> None:
    settings.COURIER_NOT_FOUND_SECONDS = 600.0


def let_wait(order: Order, *, seconds: int = TOO_LONG) -> Order:
    """As if it had come into its state so long ago."""
    Order.objects.filter(pk=order.pk).update(status_changed_at=timezone.now() - timedelta(seconds=seconds))
    order.refresh_from_db()
    return order


def sweep(order: Order, *, after_seconds: int) -> int:
    """When it has waited for exactly so long."""
    moment = order.status_changed_at + timedelta(seconds=after_seconds)
    with patch("couriers.services.waiting.timezone.now", return_value=moment):
        return report_waiting_orders()


def told() -> list[Event]:
    return list(Event.objects.filter(type="order.courier_not_found").order_by("position"))


def test_an_order_that_waits_too_long_is_told_of_once() -> None:
    order = make_confirmed_order()

    assert [sweep(order, after_seconds=seconds) for seconds in (599, 600, 601, 6000)] == [0, 1, 0, 0]

    (event,) = told()
    assert (event.subject_type, event.subject_id, event.subject_version) == ("order", order.id, order.version)
    assert (event.store_id, event.correlation_id) == (order.store_id, order.correlation_id)
    assert event.data == {
        "number": order.number,
        "status": "confirmed",
        "store_id": str(order.store_id),
        "waiting_seconds": 600,
    }


def test_it_stays_as_it_is() -> None:
    order = let_wait(make_confirmed_order())
    entries = order.timeline.count()

    task()

    again = Order.objects.get(pk=order.pk)
    assert (again.status, again.version, again.status_changed_at) == (
        "confirmed",
        order.version,
        order.status_changed_at,
    )
    assert again.timeline.count() == entries


def test_nobody_is_told_of_those_that_have_time_have_a_courier_or_are_not_confirmed() -> None:
    make_confirmed_order()
    let_wait(make_accepted().order)
    let_wait(make_picked_up().order)
    let_wait(make_paid_order())
    over = let_wait(make_confirmed_order())
    cancel_order(over.id, actor=Actor.of(staff()), reason="sold out")
    let_wait(over)

    assert report_waiting_orders() == 0
    assert (told(), WaitReport.objects.count()) == ([], 0)


def test_an_order_that_was_given_back_waits_anew() -> None:
    order = make_confirmed_order()
    sweep(order, after_seconds=630)
    courier = make_courier()
    assignment = accept(order, courier=courier)
    give_back(assignment.id, actor=Actor.of(courier.user))
    order.refresh_from_db()

    assert [sweep(order, after_seconds=seconds) for seconds in (599, 700, 800)] == [0, 1, 0]

    assert [event.data["waiting_seconds"] for event in told()] == [630, 700]


def test_how_long_is_too_long_is_a_setting(settings: Any) -> None:
    settings.COURIER_NOT_FOUND_SECONDS = 5.0
    order = make_confirmed_order()

    assert [sweep(order, after_seconds=seconds) for seconds in (4, 5)] == [0, 1]
