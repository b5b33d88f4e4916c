"""Giving committed events their place in the one gapless order (docs/decisions/0003)."""

from typing import Final

from django.db import connection

from api.transactions import tell_after_commit, transactional
from api.waking import wake
from events.envelopes import Envelope
from events.handlers import destinations_for
from events.locks import lock_sequence_counter
from events.models import Event, EventDelivery
from events.watching import tell_watchers
from events.webhooks.subscribers import Subscriber, current_subscribers

BATCH = 500

NUMBER_EVENTS: Final = """
    UPDATE events_event SET sequence = numbered.sequence
    FROM (
        SELECT position, %s + row_number() OVER (ORDER BY position) AS sequence
        FROM events_event WHERE sequence IS NULL ORDER BY position LIMIT %s
    ) AS numbered
    WHERE events_event.position = numbered.position
    RETURNING events_event.position
"""
"""One statement for a whole batch; the ORM has none for it. Both databases know this form."""


def sequence_new_events() -> int:
    """Sequence whatever is committed and has no sequence yet; returns how many events that were.

    Where another sequencer is at work it leaves the events to that one, which looks again after its last commit.
    """
    total = 0
    while Event.objects.unsequenced().exists():
        sequenced = _sequence_batch()
        if sequenced == 0:
            return total
        total += sequenced
    return total


@transactional
def _sequence_batch() -> int:
    """One batch under the counter's lock.

    Events become visible to readers of `sequence` only by this transaction's commit, and the next batch waits for it:
    so a reader who has seen n has seen everything before n. Within a batch the serial keeps each subject's events in
    the order of its lock.
    """
    counter = lock_sequence_counter()
    if counter is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(NUMBER_EVENTS, [counter.last, BATCH])
        positions = [position for (position,) in cursor.fetchall()]
    events = list(Event.objects.filter(position__in=positions).order_by("position"))
    _make_deliveries(events)
    tell_after_commit(tell_watchers, [Envelope.of(event) for event in events])
    counter.last += len(positions)
    counter.save(update_fields=["last"])
    return len(positions)


def _make_deliveries(events: list[Event]) -> None:
    subscribers = current_subscribers()
    inside = [_delivery(event, name) for event in events for name in destinations_for(event.type)]
    outside = [_delivery(event, to.destination, to=to) for event in events for to in subscribers if to.gets(event)]
    EventDelivery.objects.bulk_create(inside + outside)
    if outside:
        wake("events.send_webhooks")


def _delivery(event: Event, destination: str, *, to: Subscriber | None = None) -> EventDelivery:
    return EventDelivery(
        event=event,
        subject_id=event.subject_id,
        destination=destination,
        endpoint_id=to.endpoint_id if to else None,
    )
