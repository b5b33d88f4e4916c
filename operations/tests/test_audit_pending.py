"""A running system is always in the middle of something: the audit tells what waits from what is broken."""

from datetime import timedelta

import pytest
from django.utils import timezone

from couriers.tests.factories import make_courier
from events.models import DeliveryState, Event, EventDelivery
from events.services.relaying import relay
from events.services.sequencing import sequence_new_events
from events.tests.webhooks import make_endpoint
from notifications.services.sending import send_due
from operations.auditing.audit import audit
from operations.auditing.findings import Findings
from operations.tests.factories import brought, cancelled, confirmed, settle_everything
from orders.models import Order
from orders.states import PaymentMethod
from orders.tests.factories import make_store
from payments.models import Refund

pytestmark = pytest.mark.django_db


def report() -> tuple[set[str], dict[str, int]]:
    """The names of what is broken, and what waits by name."""
    results = audit().results
    broken = {result.check.name for result in results if result.findings.broken}
    return broken, {result.check.name: result.findings.pending for result in results if result.findings.pending}


def findings_of(name: str) -> Findings:
    return next(result.findings for result in audit().results if result.check.name == name)


def bring_events() -> None:
    """What people are told of them goes out too."""
    relay()
    send_due()


@pytest.fixture
def order() -> Order:
    order = cancelled(make_store())
    assert Event.objects.filter(sequence__isnull=False).count() == 0
    return order


def test_cancellation_nobody_has_heard_of_yet_is_pending(order: Order) -> None:
    assert report() == (
        set(),
        {"cancelled-orders-refunded": 1, "assignments-fit-orders": 1, "events-arrive": Event.objects.count()},
    )


def test_cancellation_on_its_way_to_the_handlers_is_pending(order: Order) -> None:
    sequence_new_events()
    assert report() == (
        set(),
        {"cancelled-orders-refunded": 1, "assignments-fit-orders": 1, "events-arrive": EventDelivery.objects.count()},
    )


def test_refund_on_its_way_to_the_provider_is_pending(order: Order) -> None:
    bring_events()
    assert report() == (set(), {"refunds-go-on": 1})


def test_nothing_is_pending_when_everything_has_arrived(order: Order) -> None:
    settle_everything()
    assert report() == (set(), {})


def test_what_a_dead_letter_holds_up_is_told_by_the_dead_letter_alone(order: Order) -> None:
    sequence_new_events()
    refunding = EventDelivery.objects.filter(destination__startswith="payments.", event__type="order.cancelled")
    refunding.update(state=DeliveryState.DEAD)
    bring_events()
    assert report() == ({"events-arrive"}, {"cancelled-orders-refunded": 1})


def test_dead_letter_at_somebodys_endpoint_is_no_fault_of_ours(order: Order) -> None:
    settle_everything()
    endpoint, event = make_endpoint(), Event.objects.order_by("position")[0]
    EventDelivery.objects.create(
        event=event,
        subject_id=event.subject_id,
        destination=endpoint.destination,
        endpoint=endpoint,
        state=DeliveryState.DEAD,
    )
    assert report() == (set(), {})


def test_missing_refund_of_a_handled_cancellation_is_broken(order: Order) -> None:
    bring_events()
    Refund.objects.all().delete()
    assert report() == ({"cancelled-orders-refunded"}, {})


def test_cash_of_a_delivery_nobody_has_heard_of_yet_is_pending() -> None:
    order = confirmed(make_store(), payment_method=PaymentMethod.CASH)
    bring_events()
    brought(order, courier=make_courier())
    assert report() == (set(), {"cash-is-collected": 1, "events-arrive": Event.objects.filter(sequence=None).count()})


def test_age_of_the_oldest_waiting_event_is_told(order: Order) -> None:
    Event.objects.filter(subject_id=order.id, type="order.created").update(
        occurred_at=timezone.now() - timedelta(seconds=90)
    )
    assert findings_of("events-arrive").note in {f"oldest waits for {seconds} s" for seconds in (90, 91, 92)}


def test_what_people_have_yet_to_be_told_is_pending(order: Order) -> None:
    relay()
    waiting = report()[1]["notifications-go-on"]
    assert waiting > 0
    send_due()
    assert "notifications-go-on" not in report()[1]
    assert findings_of("notifications-go-on").note == f"1 sent, {waiting - 1} skipped"
