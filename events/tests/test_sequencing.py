from collections.abc import Callable
from unittest.mock import patch
from uuid import uuid4

import pytest

from events.envelopes import Envelope, Subject
from events.models import Event, EventDelivery, SequenceCounter
from events.services import sequencing
from events.services.sequencing import sequence_new_events

pytestmark = pytest.mark.django_db

Publish = Callable[..., Event]


def sequences() -> list[int | None]:
    return list(Event.objects.order_by("position").values_list("sequence", flat=True))


def test_events_are_numbered_from_one_without_gaps_in_the_order_of_their_position(
    publish_order_event: Publish,
) -> None:
    for _ in range(3):
        publish_order_event()
    assert sequence_new_events() == 3
    publish_order_event()
    assert sequence_new_events() == 1
    assert sequences() == [1, 2, 3, 4]
    assert SequenceCounter.objects.get().last == 4


def test_many_events_are_numbered_in_batches(publish_order_event: Publish) -> None:
    for _ in range(5):
        publish_order_event()
    with patch.object(sequencing, "BATCH", 2):
        assert sequence_new_events() == 5
    assert sequences() == [1, 2, 3, 4, 5]


def test_each_destination_gets_a_delivery_of_the_types_it_listens_to(
    publish_order_event: Publish, heard: list[Envelope]
) -> None:
    subject = Subject("order", uuid4(), 1)
    publish_order_event("order.created", subject=subject)
    publish_order_event("order.cancelled")
    sequence_new_events()
    deliveries = EventDelivery.objects.values_list("event__type", "destination", "subject_id", "state")
    assert list(deliveries) == [("order.created", "recorder", subject.id, "pending")]


def test_sequencing_again_changes_nothing(publish_order_event: Publish, heard: list[Envelope]) -> None:
    publish_order_event()
    sequence_new_events()
    assert sequence_new_events() == 0
    assert sequences() == [1]
    assert EventDelivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_watcher_who_fails_keeps_nobody_from_their_events(
    publish_order_event: Publish, heard: list[Envelope], caplog: pytest.LogCaptureFixture
) -> None:
    publish_order_event("order.created")
    with patch.object(sequencing, "tell_watchers", side_effect=RuntimeError("a page that fails")):
        assert sequence_new_events() == 1
    assert sequences() == [1]
    assert EventDelivery.objects.count() == 1
    assert "a page that fails" in caplog.text
