from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from api.request_ids import current_request_id, current_trace_id, request_context
from events.envelopes import Envelope, Subject
from events.handlers import handles
from events.models import DeliveryState, Event, EventDelivery
from events.services import relaying
from events.services.deliveries import claim
from events.services.redriving import redrive, redrive_destination
from events.services.relaying import BATCHES_PER_RUN, RETRY_AFTER_SECONDS, deliver, relay
from events.services.sequencing import sequence_new_events

pytestmark = pytest.mark.django_db(transaction=True)

Publish = Callable[..., Event]


def make_due() -> None:
    EventDelivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1), leased_until=None)


@pytest.fixture
def broken() -> list[str]:
    """A destination that fails as long as there is a message in the list; each failure changes a row first."""
    messages = ["no connection"]

    def fail(event: Envelope) -> None:
        User.objects.create_user(f"{uuid4()}@example.com")
        if messages:
            raise ConnectionError(messages[0])

    handles("order.created", name="broken")(fail)
    return messages


def test_an_event_reaches_its_handler_once(publish_order_event: Publish, heard: list[Envelope]) -> None:
    event = publish_order_event()
    assert relay() == 1
    assert relay() == 0
    assert [(e.id, e.sequence, e.type, e.data) for e in heard] == [
        (event.event_id, 1, "order.created", {"total": "12.50"})
    ]
    delivery = EventDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.leased_until) == ("delivered", 1, None)


def test_a_handler_works_under_the_ids_of_the_request_that_caused_its_event(publish_order_event: Publish) -> None:
    seen = []
    handles("order.created", name="ids")(lambda event: seen.append((current_request_id(), current_trace_id())))
    with request_context(request_id="request-1", trace_id="trace-1"):
        publish_order_event()
    relay()
    assert seen == [("request-1", "trace-1")]


def test_events_published_by_a_handler_are_delivered_in_the_same_relay(
    publish_order_event: Publish, heard: list[Envelope]
) -> None:
    handles("order.cancelled", name="chain")(lambda event: void(publish_order_event("order.paid")))
    publish_order_event("order.cancelled")
    assert relay() == 2
    assert [event.type for event in heard] == ["order.paid"]


def test_a_failing_destination_holds_up_nobody_else(
    publish_order_event: Publish, broken: list[str], heard: list[Envelope]
) -> None:
    publish_order_event()
    assert relay() == 1
    assert len(heard) == 1
    states = dict(EventDelivery.objects.values_list("destination", "state"))
    assert states == {"broken": "pending", "recorder": "delivered"}


def test_a_failure_takes_back_what_the_handler_did_and_is_kept(publish_order_event: Publish, broken: list[str]) -> None:
    publish_order_event()
    relay()
    delivery = EventDelivery.objects.get()
    assert User.objects.count() == 0
    assert delivery.last_error == "ConnectionError: no connection"
    assert delivery.leased_until is None
    assert 0 < (delivery.next_attempt_at - timezone.now()).total_seconds() <= RETRY_AFTER_SECONDS[0]


def test_attempts_back_off_and_end_as_a_dead_letter(publish_order_event: Publish, broken: list[str]) -> None:
    publish_order_event()
    waits = []
    for _ in RETRY_AFTER_SECONDS:
        before = timezone.now()
        relay()
        delivery = EventDelivery.objects.get()
        waits.append(round((delivery.next_attempt_at - before).total_seconds()))
        make_due()
    assert waits == [1, 2, 4, 8, 16]
    relay()
    delivery = EventDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("dead", 6)
    make_due()
    assert relay() == 0


def test_a_dead_letter_is_an_event_itself_but_not_those_that_tell_of_one(publish_order_event: Publish) -> None:
    def refuse(event: Envelope) -> None:
        raise ValueError("Ada's order")

    handles("order.created", "event_delivery.dead", name="refusing")(refuse)
    with request_context(request_id="request-1", trace_id="trace-1"):
        event = publish_order_event()
    for _ in range(2 * (len(RETRY_AFTER_SECONDS) + 1)):
        relay()
        make_due()
    dead = EventDelivery.objects.get(event=event)
    told = Event.objects.get(type="event_delivery.dead")
    assert (told.subject_id, told.store_id, told.publisher_id) == (dead.id, None, None)
    assert (told.correlation_id, told.request_id) == ("trace-1", "request-1")
    assert told.data == {
        "destination": "refusing",
        "event_id": str(event.event_id),
        "event_type": "order.created",
        "attempts": 6,
        "reason": "ValueError",
    }
    assert set(EventDelivery.objects.values_list("state", flat=True)) == {"dead"}
    assert Event.objects.count() == 2


def test_dead_letters_are_delivered_after_a_redrive(publish_order_event: Publish, broken: list[str]) -> None:
    publish_order_event()
    publish_order_event()
    sequence_new_events()
    EventDelivery.objects.update(state=DeliveryState.DEAD, attempts=6)
    broken.clear()
    first, second = EventDelivery.objects.order_by("id").values_list("id", flat=True)
    assert redrive([first]) == 1
    assert relay() == 1
    assert redrive_destination("broken") == 1
    assert relay() == 1
    assert redrive([first, second]) == 0
    assert User.objects.count() == 2


def test_a_destination_nobody_serves_any_more_becomes_a_failure_not_a_loss(
    publish_order_event: Publish, heard: list[Envelope]
) -> None:
    publish_order_event()
    sequence_new_events()
    EventDelivery.objects.update(destination="renamed")
    assert relay() == 0
    assert EventDelivery.objects.get().last_error == "UnknownDestination: renamed"


def test_events_of_one_subject_wait_for_the_older_one_at_a_failing_destination(publish_order_event: Publish) -> None:
    order: list[int] = []
    failing = [True]

    def record(event: Envelope) -> None:
        if failing and event.subject.version == 1:
            raise ConnectionError
        order.append(event.subject.version)

    handles("order.created", "order.paid", name="ordered")(record)
    order_id = uuid4()
    publish_order_event("order.created", subject=Subject("order", order_id, 1))
    publish_order_event("order.paid", subject=Subject("order", order_id, 2))
    assert relay() == 0
    failing.clear()
    make_due()
    assert relay() == 2
    assert order == [1, 2]


def test_a_claimed_delivery_is_nobody_elses_until_its_lease_runs_out(
    publish_order_event: Publish, heard: list[Envelope]
) -> None:
    publish_order_event()
    sequence_new_events()
    (claimed,) = claim(EventDelivery.objects.all(), limit=10)
    assert claim(EventDelivery.objects.all(), limit=10) == []
    EventDelivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert claim(EventDelivery.objects.all(), limit=10) == [claimed]
    assert EventDelivery.objects.get().attempts == 2


def test_a_worker_whose_lease_ran_out_does_not_repeat_what_another_has_done(
    publish_order_event: Publish, heard: list[Envelope]
) -> None:
    publish_order_event()
    sequence_new_events()
    (claimed,) = claim(EventDelivery.objects.all(), limit=10)
    assert deliver(claimed) is True
    assert deliver(claimed) is False
    assert len(heard) == 1


def void(_: object) -> None:
    """Handlers answer nothing."""


def test_events_that_never_cease_are_left_to_another_run(publish_order_event: Publish) -> None:
    @handles("order.created", name="echo")
    def echo(event: Envelope) -> None:
        publish_order_event()

    publish_order_event()
    with patch.object(relaying, "wake") as wake:
        assert relay() == BATCHES_PER_RUN
    wake.assert_called_once_with("events.relay")
    assert Event.objects.unsequenced().count() == 1


@pytest.fixture
def in_batches() -> list[str]:
    """A destination that leaves a row for every event, in batches, and fails for the orders named in the list."""
    failing: list[str] = []

    def keep(event: Envelope) -> None:
        User.objects.create_user(f"{event.subject.id}@example.com")
        if str(event.subject.id) in failing:
            raise ConnectionError

    handles("order.created", name="batched", in_batches=True)(keep)
    return failing


def test_a_batch_is_handled_in_one_transaction(
    publish_order_event: Publish, in_batches: list[str], django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        publish_order_event()
    sequence_new_events()
    claimed = claim(EventDelivery.objects.all(), limit=10)
    with django_assert_num_queries(8):  # begin, the mark, five rows, commit
        assert relaying._deliver_all(claimed) == 5
    assert set(EventDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert User.objects.count() == 5


def test_one_failure_in_a_batch_fails_alone(publish_order_event: Publish, in_batches: list[str]) -> None:
    events = [publish_order_event() for _ in range(4)]
    in_batches.append(str(events[1].subject_id))
    assert relay() == 3
    assert User.objects.count() == 3
    states = EventDelivery.objects.order_by("event").values_list("state", "attempts", "last_error")
    assert list(states) == [
        ("delivered", 1, ""),
        ("pending", 1, "ConnectionError: "),
        ("delivered", 1, ""),
        ("delivered", 1, ""),
    ]


def test_a_batch_of_which_another_worker_has_done_a_part_is_not_done_twice(
    publish_order_event: Publish, in_batches: list[str]
) -> None:
    for _ in range(3):
        publish_order_event()
    sequence_new_events()
    claimed = claim(EventDelivery.objects.all(), limit=10)
    assert deliver(claimed[0]) is True
    assert relaying._deliver_all(claimed) == 2
    assert User.objects.count() == 3
