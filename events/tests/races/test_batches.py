"""The batches of one account are in the order in which they were published, though nobody locks what they are about."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event as Signal
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from api.tests.waiting import at_once, in_background, somebody_waits_for_a_lock, until
from events.batches import outside, publishing
from events.batches.outside import publish_from_outside
from events.batches.publishing import publish_batch
from events.envelopes import Subject
from events.errors import BatchRolledBack
from events.models import Event
from events.publishing import NewEvent, write
from events.services.sequencing import sequence_new_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

CARD = Subject("loyalty_card", uuid4(), 0)


def in_sequence() -> list[str]:
    return list(Event.objects.filter(sequence__isnull=False).order_by("sequence").values_list("type", flat=True))


def first_and_second(publisher: User, *, meanwhile: Callable[[], Any]) -> None:
    """The first batch is written, but not committed, when the second begins. `meanwhile` is done before the commit."""
    is_written, may_commit = Signal(), Signal()

    def slow_write(event: NewEvent) -> Event:
        written = write(event)
        if event.type == "ext.first.end":
            is_written.set()
            assert may_commit.wait(20)
        return written

    def publish_two(beginning: str) -> None:
        events = [NewEvent(type=f"{beginning}.{part}", subject=CARD) for part in ("begin", "end")]
        publish_from_outside(lambda: events, publisher=publisher)

    with patch.object(publishing, "write", slow_write), ThreadPoolExecutor(2) as pool:
        first = in_background(pool, partial(publish_two, "ext.first"))
        assert is_written.wait(20)
        second = in_background(pool, partial(publish_two, "ext.second"))
        try:
            until(lambda: second.done() or somebody_waits_for_a_lock())
            meanwhile()
        finally:
            may_commit.set()
        first.result()
        second.result()
    sequence_new_events()


FIRST, SECOND = ["ext.first.begin", "ext.first.end"], ["ext.second.begin", "ext.second.end"]


def test_a_batch_waits_for_the_one_before_it_of_the_same_account() -> None:
    first_and_second(make_user(Role.INTEGRATOR), meanwhile=sequence_new_events)
    assert in_sequence() == FIRST + SECOND


def test_without_the_accounts_lock_the_second_is_read_first_though_written_second() -> None:
    with patch.object(outside, "lock_user"):
        first_and_second(make_user(Role.INTEGRATOR), meanwhile=sequence_new_events)
    assert in_sequence() == SECOND + FIRST
    written = list(Event.objects.order_by("position").values_list("type", flat=True))
    assert written == FIRST + SECOND


def test_every_batch_is_whole_and_in_order_or_not_there_at_all() -> None:
    """Forty batches of three accounts at once, every fourth of them with an invalid event."""
    publishers = [make_user(Role.INTEGRATOR) for _ in range(3)]

    def publish(number: int) -> Callable[[], None]:
        def work() -> None:
            types = [*whole(number)[:-1], "order.paid" if number % 4 == 0 else "ext.last"]
            events = [NewEvent(type=event_type, subject=CARD) for event_type in types]
            with suppress(BatchRolledBack):
                publish_batch(lambda: events, correlation_id=str(number), publisher_id=publishers[number % 3].pk)
            sequence_new_events()

        return work

    at_once([publish(number) for number in range(40)])
    sequence_new_events()

    for number in range(40):
        events = Event.objects.filter(correlation_id=str(number)).order_by("sequence")
        types = list(events.values_list("type", flat=True))
        assert types == (["batch.rolled_back"] if number % 4 == 0 else whole(number))
    assert Event.objects.count() == 30 * 6 + 10


def whole(number: int) -> list[str]:
    return [*(f"ext.b{number}.{place}" for place in range(5)), "ext.last"]
