"""Carrying events to their destinations: claim with a lease, handle, mark; retry with backoff; dead letter."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from api.request_ids import request_context
from api.transactions import transactional
from api.waking import wake
from events.envelopes import Envelope
from events.handlers import handler_of
from events.locks import lock_delivery, lock_due_deliveries
from events.models import DeliveryState, EventDelivery
from events.services.sequencing import sequence_new_events

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (1, 2, 4, 8, 16)
BATCH = 100
# More than that is left to another run of the task: where events never cease, all workers would do nothing else.
BATCHES_PER_RUN = 10


def relay() -> int:
    """Sequence and deliver what is due; returns how many deliveries were made.

    Any number of relays may run at once. Handling an event may publish others, so it looks again after each batch.
    """
    delivered = 0
    for _ in range(BATCHES_PER_RUN):
        sequence_new_events()
        claimed = claim_due(limit=BATCH)
        if not claimed:
            return delivered
        delivered += sum(deliver(delivery_id) for delivery_id in claimed)
    wake("events.relay")
    return delivered


@transactional
def claim_due(*, limit: int) -> list[int]:
    """Take deliveries for the time of a lease: a worker that dies gives them back by letting it run out."""
    now = timezone.now()
    ids = lock_due_deliveries(now, limit=limit)
    EventDelivery.objects.filter(id__in=ids).update(
        leased_until=now + timedelta(seconds=settings.EVENT_LEASE_SECONDS), attempts=F("attempts") + 1
    )
    return ids


def deliver(delivery_id: int) -> bool:
    """Hand one claimed delivery to its handler; whatever the handler raises is kept with the delivery."""
    try:
        return _handle(delivery_id)
    except Exception as error:
        logger.exception("delivery %s failed", delivery_id)
        _record_failure(delivery_id, error=f"{type(error).__name__}: {error}")
        return False


@transactional
def _handle(delivery_id: int) -> bool:
    """The handler's changes and the mark commit together. Under the row's lock, so that a worker whose lease ran out
    meanwhile and the one that took over cannot both do the work."""
    delivery = lock_delivery(delivery_id)
    if delivery.state != DeliveryState.PENDING:
        return False
    event = delivery.event
    with request_context(request_id=event.request_id, trace_id=event.correlation_id):
        handler_of(delivery.destination)(Envelope.of(event))
    delivery.state = DeliveryState.DELIVERED
    delivery.delivered_at = timezone.now()
    delivery.leased_until = None
    delivery.last_error = ""
    delivery.save(update_fields=["state", "delivered_at", "leased_until", "last_error"])
    return True


@transactional
def _record_failure(delivery_id: int, *, error: str) -> None:
    delivery = lock_delivery(delivery_id)
    if delivery.state != DeliveryState.PENDING:
        return
    delivery.last_error = error[:2000]
    delivery.leased_until = None
    if delivery.attempts > len(RETRY_AFTER_SECONDS):
        delivery.state = DeliveryState.DEAD
        logger.error("delivery %s to %s is a dead letter: %s", delivery.id, delivery.destination, error)
    else:
        delivery.next_attempt_at = timezone.now() + timedelta(seconds=RETRY_AFTER_SECONDS[delivery.attempts - 1])
    delivery.save(update_fields=["state", "next_attempt_at", "leased_until", "last_error"])
