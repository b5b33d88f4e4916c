"""Removing goes on beside everything else, and nobody's work is lost by it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Signal
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from api.tests.waiting import at_once, in_background, somebody_waits_for_a_lock, until
from events.envelopes import Subject
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter
from events.publishing import publish
from events.services import removing
from events.services.removing import SequenceBroken, remove_events
from events.services.sequencing import sequence_new_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]


def publish_many(number: int, *, days: int) -> None:
    with transaction.atomic():
        events = [publish("order.created", subject=Subject("order", uuid4(), 1)) for _ in range(number)]
    sequence_new_events()
    moment = timezone.now() - timedelta(days=days)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(occurred_at=moment)


def remove_one_batch() -> int:
    return remove_events(timezone.now() - timedelta(days=90))


@contextmanager
def while_another_has_not_committed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Another remover has removed the first two events. It commits when the function yielded is called."""
    monkeypatch.setattr(removing, "BATCH", 2)
    count, has_counted, may_commit = removing._count, Signal(), Signal()

    def slow_count(*args: Any, **kwargs: Any) -> None:
        count(*args, **kwargs)
        if not has_counted.is_set():
            has_counted.set()
            assert may_commit.wait(20)

    monkeypatch.setattr(removing, "_count", slow_count)
    with ThreadPoolExecutor(1) as pool:
        other = in_background(pool, remove_one_batch)
        assert has_counted.wait(20)
        try:
            yield may_commit.set
        finally:
            may_commit.set()
        assert other.result() == 2


def let_go_when_one_waits(let_go: Callable[[], None]) -> None:
    until(somebody_waits_for_a_lock)
    let_go()


def test_two_removers_at_once_take_one_batch_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_many(5, days=100)
    with while_another_has_not_committed(monkeypatch) as let_go, ThreadPoolExecutor(1) as pool:
        second = in_background(pool, remove_one_batch)
        let_go_when_one_waits(let_go)
        assert second.result() == 2
    assert (list(Event.objects.values_list("sequence", flat=True)), SequenceCounter.objects.get().removed) == ([5], 4)


def test_without_the_events_lock_the_second_counts_what_the_first_has_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_many(5, days=100)
    oldest = list(Event.objects.order_by("sequence")[:2])
    with (
        while_another_has_not_committed(monkeypatch) as let_go,
        patch.object(removing, "lock_oldest_events", return_value=oldest),
        ThreadPoolExecutor(1) as pool,
    ):
        second = in_background(pool, remove_one_batch)
        let_go_when_one_waits(let_go)
        with pytest.raises(SequenceBroken):
            second.result()


def resent_while_removing() -> None:
    """Somebody sends a delivered event again, and commits only when the remover is at it."""
    publish_many(1, days=100)
    event = Event.objects.get()
    delivered = {"state": DeliveryState.DELIVERED, "delivered_at": timezone.now()}
    EventDelivery.objects.create(event=event, subject_id=event.subject_id, destination="somewhere", **delivered)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            EventDelivery.objects.update(state=DeliveryState.PENDING, delivered_at=None)
            remover = in_background(pool, remove_one_batch)
            until(somebody_waits_for_a_lock)
        remover.result()


def test_what_is_sent_again_at_this_moment_is_not_removed() -> None:
    resent_while_removing()
    assert list(EventDelivery.objects.values_list("state", flat=True)) == ["pending"]
    assert Event.objects.count() == 1


def test_without_the_deliveries_lock_it_would_be() -> None:
    def unlocked(events: list[Event]) -> list[EventDelivery]:
        return list(EventDelivery.objects.filter(event__in=events))

    with patch.object(removing, "lock_deliveries_of", unlocked):
        resent_while_removing()
    assert (EventDelivery.objects.count(), Event.objects.count()) == (0, 0)


def test_sequencing_and_removing_at_once_leave_one_sequence_without_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "BATCH", 3)
    publish_many(30, days=100)

    def work() -> None:
        publish_many(2, days=1)
        remove_one_batch()
        sequence_new_events()

    at_once([work] * 12)
    while remove_one_batch():
        pass
    sequence_new_events()
    counter = SequenceCounter.objects.get()
    assert (counter.removed, counter.last) == (30, 54)
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(31, 55))
