"""Readers of the sequence never see a number appear behind one they have seen, whatever the commits' order."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection, transaction

from events.envelopes import Envelope, Subject
from events.handlers import handles
from events.models import Event, EventDelivery, SequenceCounter
from events.publishing import publish
from events.services import sequencing
from events.services.relaying import relay
from events.services.sequencing import sequence_new_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]


def publish_one(event_type: str = "order.created") -> None:
    try:
        with transaction.atomic():
            publish(event_type, subject=Subject("order", uuid4(), 1))
    finally:
        connection.close()


def test_an_event_that_commits_late_comes_after_those_that_were_visible_before_it() -> None:
    written, may_commit = Signal(), Signal()

    def slow() -> None:
        with transaction.atomic():
            publish("order.created", subject=Subject("order", uuid4(), 1))
            written.set()
            may_commit.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow)
        assert written.wait(10)
        publish_one("order.paid")
        sequence_new_events()
        seen_first = list(Event.objects.filter(sequence__isnull=False).values_list("sequence", "type"))
        may_commit.set()
        late.result()
    sequence_new_events()
    assert seen_first == [(1, "order.paid")]
    assert list(Event.objects.order_by("sequence").values_list("sequence", "type")) == [
        (1, "order.paid"),
        (2, "order.created"),
    ]


def hammer(*, events: int, threads: int) -> list[BaseException]:
    """Publish and sequence from many threads at once; returns what the threads died of."""

    def work() -> None:
        publish_one()
        try:
            sequence_new_events()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work) for _ in range(events)]
    return [error for future in futures if (error := future.exception())]


def test_many_sequencers_at_once_leave_no_gap_and_no_double() -> None:
    handles("order.created", name="somebody")(lambda event: None)
    assert hammer(events=60, threads=12) == []
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 61))
    assert SequenceCounter.objects.get().last == 60
    assert EventDelivery.objects.count() == 60


def test_without_the_counters_lock_sequencers_collide() -> None:
    def unlocked() -> SequenceCounter:
        return SequenceCounter.objects.get_or_create(id=1)[0]

    with patch.object(sequencing, "lock_sequence_counter", unlocked):
        errors = hammer(events=60, threads=12)
    assert errors, "taking the lock away shows the fault it prevents"


def test_many_relays_at_once_handle_each_event_once() -> None:
    heard: list[Envelope] = []
    handles("order.created", name="counter")(heard.append)
    for _ in range(40):
        publish_one()

    def relay_once() -> None:
        try:
            relay()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(relay_once) for _ in range(8)]:
            future.result()
    assert sorted(event.sequence for event in heard) == list(range(1, 41))
    assert set(EventDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
