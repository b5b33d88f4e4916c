"""The figures of the event flow, by destination."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import make_user
from api.identifiers import uuid7
from events import handlers
from events.figures import LATE_SECONDS, DestinationFigures, Light, event_figures, first_key_of
from events.models import DeliveryState, Event, EventDelivery, WebhookEndpoint

pytestmark = pytest.mark.django_db(transaction=True)

Publish = Callable[..., Event]


def deliver(event: Event, destination: str, state: str = DeliveryState.PENDING, **fields: Any) -> EventDelivery:
    delivered_at = timezone.now() if state == DeliveryState.DELIVERED else None
    return EventDelivery.objects.create(
        event=event, subject_id=event.subject_id, destination=destination, state=state, delivered_at=delivered_at,
        **fields,
    )  # fmt: skip


def of(destination: str) -> DestinationFigures:
    (figures,) = [row for row in event_figures().destinations if row.destination == destination]
    return figures


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def test_without_events_every_destination_is_there_and_well(heard: list[Any]) -> None:
    figures = event_figures()
    assert (figures.unsequenced, figures.oldest_unsequenced_seconds, figures.last_sequence) == (0, 0.0, 0)
    assert figures.destinations == (DestinationFigures(destination="recorder", name="recorder"),)
    assert figures.destinations[0].light == Light.GOOD


def test_events_without_a_sequence_are_counted_with_their_age(publish_order_event: Publish) -> None:
    first, _ = publish_order_event(), publish_order_event()
    Event.objects.filter(pk=first.pk).update(occurred_at=ago(30))
    figures = event_figures()
    assert figures.unsequenced == 2
    assert 30 <= figures.oldest_unsequenced_seconds < 60


def test_each_destination_has_its_own_figures(publish_order_event: Publish, heard: list[Any]) -> None:
    handlers.handles("order.created", name="other")(heard.append)
    events = [publish_order_event() for _ in range(4)]
    deliver(events[0], "recorder", attempts=3, next_attempt_at=ago(-100), created_at=ago(20))
    deliver(events[1], "recorder", attempts=1)
    deliver(events[2], "recorder", DeliveryState.DELIVERED, attempts=2, created_at=ago(4))
    deliver(events[3], "recorder", DeliveryState.DEAD, attempts=6)
    deliver(events[0], "other", DeliveryState.DELIVERED, attempts=1)

    busy, calm = of("recorder"), of("other")

    assert (busy.pending, busy.due, busy.retried, busy.dead) == (2, 1, 1, 1)
    assert 20 <= busy.oldest_pending_seconds < 40
    assert (busy.recent, busy.recent_delivered, busy.recent_attempts) == (4, 1, 12)
    assert 4 <= busy.recent_slowest_seconds < 20
    assert (calm.pending, calm.dead, calm.recent_delivered, calm.recent_attempts) == (0, 0, 1, 1)


def test_deliveries_made_long_ago_are_not_recent(publish_order_event: Publish, heard: list[Any]) -> None:
    event = publish_order_event()
    deliver(event, "recorder", DeliveryState.DELIVERED, id=first_key_of(ago(600)), attempts=1)
    assert (of("recorder").recent, of("recorder").recent_delivered) == (0, 0)


def test_keys_are_told_apart_by_their_time() -> None:
    before, key, after = first_key_of(ago(60)), uuid7(), first_key_of(ago(-60))
    assert before < key < after


def test_endpoints_are_shown_by_their_address_and_whether_they_listen(publish_order_event: Publish) -> None:
    owner = make_user()
    active = WebhookEndpoint.objects.create(owner=owner, url="https://a.example/in", secret="s")
    off = WebhookEndpoint.objects.create(owner=owner, url="https://b.example/in", secret="s", is_active=False)
    retired = WebhookEndpoint.objects.create(owner=owner, url="https://c", secret="s", retired_at=timezone.now())
    deliver(publish_order_event(), active.destination, endpoint=active)

    shown = {row.name: (row.endpoint_id, row.pending, row.light) for row in event_figures().destinations}

    assert shown == {active.url: (active.id, 1, Light.GOOD), off.url: (off.id, 0, Light.OFF)}
    assert retired.url not in shown


def test_destination_nobody_serves_any_more_is_not_forgotten(publish_order_event: Publish) -> None:
    deliver(publish_order_event(), "renamed.handler", DeliveryState.DEAD, attempts=6)
    assert (of("renamed.handler").dead, of("renamed.handler").light) == (1, Light.DEAD)


def test_what_waits_for_long_is_late(publish_order_event: Publish, heard: list[Any]) -> None:
    deliver(publish_order_event(), "recorder", created_at=ago(LATE_SECONDS + 1))
    assert of("recorder").light == Light.LATE


def test_number_of_queries_does_not_grow_with_destinations(publish_order_event: Publish) -> None:
    for number in range(5):
        deliver(publish_order_event(), f"destination.{number}")
    with CaptureQueriesContext(connection) as queries:
        assert len(event_figures().destinations) == 5
    assert len(queries) == 6
