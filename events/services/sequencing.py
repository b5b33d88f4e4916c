"""Giving committed events their place in the one gapless order (docs/decisions/0003)."""

from itertools import count

from api.transactions import transactional
from events.handlers import destinations_for
from events.locks import lock_sequence_counter
from events.models import Event, EventDelivery

BATCH = 500


def sequence_new_events() -> int:
    """Sequence whatever is committed and has no sequence yet; returns how many events that were."""
    total = 0
    while Event.objects.unsequenced().exists():
        total += _sequence_batch()
    return total


@transactional
def _sequence_batch() -> int:
    """One batch under the counter's lock.

    Events become visible to readers of `sequence` only by this transaction's commit, and the next batch waits for it:
    so a reader who has seen n has seen everything before n. Within a batch the serial keeps each subject's events in
    the order of its lock.
    """
    counter = lock_sequence_counter()
    events = list(Event.objects.unsequenced().order_by("position")[:BATCH])
    numbers = count(counter.last + 1)
    for event in events:
        event.sequence = next(numbers)
    Event.objects.bulk_update(events, ["sequence"])
    EventDelivery.objects.bulk_create(
        EventDelivery(event=event, subject_id=event.subject_id, destination=destination)
        for event in events
        for destination in destinations_for(event.type)
    )
    counter.last += len(events)
    counter.save(update_fields=["last"])
    return len(events)
