"""Bringing events to their handlers in this process: claim with a lease, handle, mark; retry with backoff."""

import logging
from typing import Final

from api.request_ids import request_context
from api.transactions import transactional
from api.waking import wake
from events.envelopes import Envelope
from events.handlers import handler_of
from events.locks import lock_delivery
from events.models import DeliveryState, EventDelivery
from events.services.deliveries import claim, mark_delivered, record_failure
from events.services.sequencing import sequence_new_events

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = (1, 2, 4, 8, 16)
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
        claimed = claim(EventDelivery.objects.in_process(), limit=BATCH)
        if not claimed:
            return delivered
        delivered += sum(deliver(delivery) for delivery in claimed)
    wake("events.relay")
    return delivered


def deliver(claimed: EventDelivery) -> bool:
    """Hand one claimed delivery to its handler; whatever the handler raises is kept with the delivery."""
    try:
        return _handle(claimed)
    except Exception as error:
        logger.exception("delivery %s failed", claimed.id)
        record_failure(claimed.id, error=f"{type(error).__name__}: {error}", retry_after_seconds=RETRY_AFTER_SECONDS)
        return False


@transactional
def _handle(claimed: EventDelivery) -> bool:
    """The handler's changes and the mark commit together. Under the row's lock, so that a worker whose lease ran out
    meanwhile and the one that took over cannot both do the work."""
    delivery = lock_delivery(claimed.id)
    if delivery.state != DeliveryState.PENDING:
        return False
    event = claimed.event
    with request_context(request_id=event.request_id, trace_id=event.correlation_id):
        handler_of(delivery.destination)(Envelope.of(event))
    mark_delivered(delivery)
    return True
