"""What is long over is forgotten, from the beginning on and without a gap; what somebody still waits for is not."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from celery import Celery
from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.factories import client_of, make_user
from events.envelopes import Subject
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter, WebhookAttempt, WebhookEndpoint
from events.publishing import publish
from events.services import removing
from events.services.removing import SequenceBroken, remove_old
from events.services.sequencing import sequence_new_events

pytestmark = pytest.mark.django_db

FEED = "/api/v2/events"


@pytest.fixture(autouse=True)
def _retention(settings: Any) -> None:
    settings.EVENT_RETENTION_DAYS = 90
    settings.EVENT_DELIVERY_RETENTION_DAYS = 30


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def key_of(moment: datetime) -> UUID:
    """As it would have been made then."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | (uuid4().int & 0xFFFF))


def published(days: float) -> Event:
    with transaction.atomic():
        event = publish("order.created", subject=Subject("order", uuid4(), 1))
    sequence_new_events()
    Event.objects.filter(pk=event.pk).update(occurred_at=ago(days))
    event.refresh_from_db()
    return event


def delivery(event: Event, *, state: str = DeliveryState.DELIVERED, days: float | None = None, **fields: Any) -> UUID:
    """Made when the event happened, and delivered then or so many days ago."""
    made = EventDelivery.objects.create(
        id=key_of(event.occurred_at),
        event=event,
        subject_id=event.subject_id,
        state=state,
        created_at=event.occurred_at,
        delivered_at=(event.occurred_at if days is None else ago(days)) if state == DeliveryState.DELIVERED else None,
        **{"destination": "somewhere", **fields},
    )
    return made.pk


def attempt(delivery_id: UUID, *, days: float) -> UUID:
    moment = ago(days)
    row = {"number": 1, "started_at": moment, "duration_ms": 5, "status_code": 500}
    made = WebhookAttempt.objects.create(id=key_of(moment), delivery_id=delivery_id, **row)
    WebhookAttempt.objects.filter(pk=made.pk).update(created_at=moment)
    return made.pk


def endpoint(**fields: Any) -> WebhookEndpoint:
    owner = make_user(Role.INTEGRATOR)
    return WebhookEndpoint.objects.create(owner=owner, url="https://shop.example.com/hooks", secret="whsec_x", **fields)


def kept() -> list[int]:
    return [event.sequence or 0 for event in Event.objects.order_by("sequence")]


def counter() -> SequenceCounter:
    return SequenceCounter.objects.get()


def test_old_events_go_from_the_beginning_on() -> None:
    events = [published(days) for days in (120, 100, 91, 89, 1)]
    assert remove_old() == 3
    assert (kept(), counter().removed, counter().last) == ([4, 5], 3, 5)
    assert counter().removed_until == events[2].occurred_at


def test_nothing_young_is_touched() -> None:
    event = published(89)
    delivery(event, days=29)
    assert (remove_old(), kept(), EventDelivery.objects.count()) == (0, [1], 1)
    assert (counter().removed, counter().removed_until) == (0, None)


def test_an_empty_outbox_is_no_trouble() -> None:
    assert remove_old() == 0


def test_what_follows_a_young_event_stays_though_it_says_to_be_older() -> None:
    """A long transaction's events come later in the sequence than they happened."""
    for days in (100, 80, 100):
        published(days)
    remove_old()
    assert kept() == [2, 3]


def test_the_latest_moment_removed_is_remembered_whatever_the_order() -> None:
    events = [published(days) for days in (91, 100, 95)]
    remove_old()
    assert (kept(), counter().removed_until) == ([], events[0].occurred_at)
    published(99)
    remove_old()
    assert (counter().removed, counter().removed_until) == (4, events[0].occurred_at)


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.DEAD])
def test_what_a_destination_still_waits_for_keeps_what_follows(state: str, caplog: pytest.LogCaptureFixture) -> None:
    events = [published(100) for _ in range(4)]
    for event in events:
        delivery(event, destination="payments.x")
    unsettled = delivery(events[2], destination="couriers.y", state=state)

    with caplog.at_level(logging.WARNING):
        remove_old()

    assert (kept(), counter().removed) == ([3, 4], 2)
    assert EventDelivery.objects.get().pk == unsettled
    assert caplog.messages == ["sequence 3 waits for couriers.y and keeps what follows"]


def test_a_discarded_dead_letter_goes_with_its_event() -> None:
    delivery(published(100), state=DeliveryState.DISCARDED)
    young = delivery(published(80), state=DeliveryState.DISCARDED)
    remove_old()
    assert (kept(), EventDelivery.objects.get().pk) == ([2], young)


def test_a_retired_endpoint_waits_for_nothing() -> None:
    event, gone = published(100), endpoint(retired_at=timezone.now())
    letter = delivery(event, destination=gone.destination, endpoint=gone, state=DeliveryState.DEAD)
    attempt(letter, days=1)
    remove_old()
    assert (kept(), EventDelivery.objects.count(), WebhookAttempt.objects.count()) == ([], 0, 0)


def test_an_endpoint_that_is_not_retired_does() -> None:
    event, silent = published(100), endpoint(is_active=False)
    delivery(event, destination=silent.destination, endpoint=silent, state=DeliveryState.DEAD)
    remove_old()
    assert kept() == [1]


def test_an_event_that_is_not_in_the_sequence_yet_stays() -> None:
    published(100)
    with transaction.atomic():
        publish("order.paid", subject=Subject("order", uuid4(), 1))
    Event.objects.filter(sequence=None).update(occurred_at=ago(100))
    remove_old()
    assert list(Event.objects.values_list("type", flat=True)) == ["order.paid"]


def test_what_was_delivered_is_forgotten_sooner_with_its_log() -> None:
    event = published(40)
    old, young = delivery(event, days=31), delivery(event, days=29, destination="elsewhere")
    attempt(old, days=31)
    noted = attempt(young, days=29)
    remove_old()
    assert list(EventDelivery.objects.values_list("pk", flat=True)) == [young]
    assert list(WebhookAttempt.objects.values_list("pk", flat=True)) == [noted]
    assert kept() == [1]


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.DEAD])
def test_what_was_not_delivered_stays_without_its_old_log(state: str) -> None:
    unsettled = delivery(published(80), state=state)
    attempt(unsettled, days=31)
    noted = attempt(unsettled, days=29)
    remove_old()
    assert list(EventDelivery.objects.values_list("pk", "state")) == [(unsettled, state)]
    assert list(WebhookAttempt.objects.values_list("pk", flat=True)) == [noted]


def test_a_dead_letter_sent_again_lately_stays_its_time() -> None:
    delivery(published(80), days=2)
    remove_old()
    assert EventDelivery.objects.count() == 1


@pytest.fixture
def woken() -> Iterator[Any]:
    with patch.object(Celery, "send_task") as send_task:
        yield lambda: [call.args[0] for call in send_task.call_args_list]


@pytest.mark.django_db(transaction=True)
def test_much_is_removed_in_short_transactions_and_several_runs(monkeypatch: pytest.MonkeyPatch, woken: Any) -> None:
    monkeypatch.setattr(removing, "BATCH", 2)
    monkeypatch.setattr(removing, "BATCHES_PER_RUN", 2)
    for _ in range(7):
        published(100)
    before = len(woken())

    assert (remove_old(), kept(), counter().removed) == (4, [5, 6, 7], 4)
    assert woken()[before:] == ["events.relay", "events.relay", "events.remove_old"]
    assert (remove_old(), kept(), counter().removed) == (3, [], 7)
    assert woken()[before:] == ["events.relay", "events.relay", "events.remove_old", "events.relay", "events.relay"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_between_two_batches_leaves_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "BATCH", 2)
    count, calls = removing._count, []

    def die_in_the_second(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        count(*args, **kwargs)
        if len(calls) == 2:
            raise SystemExit

    monkeypatch.setattr(removing, "_count", die_in_the_second)
    for _ in range(5):
        delivery(published(100), days=10)
    with pytest.raises(SystemExit):
        remove_old()
    assert (kept(), counter().removed, EventDelivery.objects.count()) == ([3, 4, 5], 2, 3)


def test_a_sequence_that_is_broken_already_is_left_alone() -> None:
    events = [published(100) for _ in range(3)]
    events[0].delete()
    with pytest.raises(SequenceBroken), transaction.atomic():
        remove_old()
    assert (kept(), counter().removed) == ([2, 3], 0)


def test_the_feed_says_what_is_gone_and_goes_on_with_what_is_not() -> None:
    for days in (100, 95, 10):
        published(days)
    remove_old()
    client = client_of(make_user(Role.ADMIN))
    gone, rest = client.get(f"{FEED}?after=1"), client.get(f"{FEED}?after=2")
    assert (gone.status_code, gone.json()["code"], gone.json()["oldest"]) == (410, "events_expired", 3)
    assert [event["sequence"] for event in rest.json()["results"]] == [3]


def test_the_sequence_goes_on_where_it_was() -> None:
    published(100)
    remove_old()
    assert published(0).sequence == 2
