"""What happens to a delivery, whoever makes it: claimed for a while, done, tried again later, given up."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from api.request_ids import request_context
from api.transactions import transactional
from events.envelopes import Subject
from events.locks import lock_delivery, lock_due_deliveries
from events.models import DeliveryState, EventDelivery, EventDeliveryQuerySet
from events.publishing import publish

logger = logging.getLogger(__name__)

DEAD: Final = "event_delivery.dead"
ERROR_LENGTH: Final = 2_000


@transactional
def claim(deliveries: EventDeliveryQuerySet, *, limit: int, work_seconds: float = 0.0) -> list[EventDelivery]:
    """Take what is due of these for the time of a lease, the first in line first, with the events.

    A worker that dies gives them back by letting the lease run out. The attempt is counted now, so that an event
    that kills its workers becomes a dead letter too. The lease is longer by the `work_seconds` that may pass outside of
    the database.
    """
    now = timezone.now()
    ids = lock_due_deliveries(deliveries, now=now, limit=limit)
    EventDelivery.objects.filter(id__in=ids).update(
        leased_until=now + timedelta(seconds=settings.EVENT_LEASE_SECONDS + work_seconds), attempts=F("attempts") + 1
    )
    return list(EventDelivery.objects.filter(id__in=ids).select_related("event").order_by("event_id"))


def give_back(claimed: Collection[EventDelivery]) -> None:
    """For whoever comes next, as if nobody had claimed them; but for those that somebody else has claimed since."""
    if not claimed:
        return
    leases = {delivery.leased_until for delivery in claimed}
    ours = EventDelivery.objects.pending().filter(id__in=[delivery.id for delivery in claimed], leased_until__in=leases)
    ours.filter(attempts__gt=0).update(leased_until=None, attempts=F("attempts") - 1)


def mark_delivered(ids: Collection[UUID]) -> int:
    """Those that are pending; returns how many that were. Holds their locks until the caller's transaction ends, so
    of two workers that have claimed a delivery, one after the other's lease ran out, only one finds it pending."""
    return (
        EventDelivery.objects.pending()
        .filter(id__in=ids)
        .update(state=DeliveryState.DELIVERED, delivered_at=timezone.now(), leased_until=None, last_error="")
    )


@transactional
def record_failure(delivery_id: UUID, *, error: str, retry_after_seconds: Sequence[float]) -> None:
    """Try again after as many seconds as stand at this attempt's place; after the last it is a dead letter.

    A delivery that somebody else has brought to its end meanwhile stays as it is.
    """
    delivery = lock_delivery(delivery_id)
    if delivery.state != DeliveryState.PENDING:
        return
    if delivery.attempts > len(retry_after_seconds):
        give_up(delivery, error=error)
        return
    pause_seconds = retry_after_seconds[max(delivery.attempts - 1, 0)]
    postpone(delivery, until=timezone.now() + timedelta(seconds=pause_seconds), error=error)


def postpone(delivery: EventDelivery, *, until: datetime, error: str) -> None:
    """The caller holds the delivery's lock and has seen it pending under it."""
    delivery.next_attempt_at = until
    delivery.leased_until = None
    delivery.last_error = error[:ERROR_LENGTH]
    delivery.save(update_fields=["next_attempt_at", "leased_until", "last_error"])


def give_up(delivery: EventDelivery, *, error: str) -> None:
    """Make it a dead letter, which is an event itself, but for those that tell of dead letters: they would never end.

    The caller holds the delivery's lock and has seen it pending under it.
    """
    bury(delivery, error=error)
    logger.error("delivery %s to %s is a dead letter: %s", delivery.id, delivery.destination, error)
    if delivery.event.type != DEAD:
        with request_context(request_id=delivery.event.request_id, trace_id=delivery.event.correlation_id):
            _tell_of(delivery, reason=error.partition(":")[0])


def bury(delivery: EventDelivery, *, error: str) -> None:
    """Make it a dead letter without a word to anybody. The caller holds the delivery's lock and has seen it pending
    under it."""
    delivery.state = DeliveryState.DEAD
    delivery.leased_until = None
    delivery.last_error = error[:ERROR_LENGTH]
    delivery.save(update_fields=["state", "leased_until", "last_error"])


def _tell_of(dead: EventDelivery, *, reason: str) -> None:
    publish(
        DEAD,
        subject=Subject("event_delivery", dead.id, dead.attempts),
        publisher_id=dead.endpoint.owner_id if dead.endpoint else None,
        data={
            "destination": dead.destination,
            "event_id": str(dead.event.event_id),
            "event_type": dead.event.type,
            "attempts": dead.attempts,
            "reason": reason,
        },
    )
