"""Bringing events to their handlers in this process: claim with a lease, handle, mark; retry with backoff."""

import logging
from collections import defaultdict
from typing import Final

from api.request_ids import request_context
from api.transactions import transactional
from api.waking import wake
from events.envelopes import Envelope
from events.handlers import subscription_of, takes_batches
from events.models import EventDelivery
from events.services.deliveries import claim, mark_delivered, record_failure
from events.services.sequencing import sequence_new_events

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = (1, 2, 4, 8, 16)
BATCH = 100
# More than that is left to another run of the task: where events never cease, all workers would do nothing else.
BATCHES_PER_RUN = 10


class TakenOver(Exception):
    """A lease ran out, and somebody else has brought a delivery of this batch to its end."""


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
        delivered += _deliver_all(claimed)
    wake("events.relay")
    return delivered


def _deliver_all(claimed: list[EventDelivery]) -> int:
    by_destination: defaultdict[str, list[EventDelivery]] = defaultdict(list)
    for delivery in claimed:
        by_destination[delivery.destination].append(delivery)
    return sum(_deliver_to(destination, batch) for destination, batch in by_destination.items())


def _deliver_to(destination: str, batch: list[EventDelivery]) -> int:
    """A batch with a failure in it is taken back and delivered one by one, which finds who fails."""
    if takes_batches(destination):
        try:
            return _handle_together(batch)
        except TakenOver:
            logger.info("somebody else has made a part of %d deliveries to %s", len(batch), destination)
        except Exception:
            logger.exception("%d deliveries to %s failed together and are made one by one", len(batch), destination)
    return sum(deliver(delivery) for delivery in batch)


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
    """The handler's changes and the mark commit together."""
    if not mark_delivered([claimed.id]):
        return False
    _call_handler(claimed)
    return True


@transactional
def _handle_together(batch: list[EventDelivery]) -> int:
    if mark_delivered([delivery.id for delivery in batch]) < len(batch):
        raise TakenOver
    for delivery in batch:
        _call_handler(delivery)
    return len(batch)


def _call_handler(delivery: EventDelivery) -> None:
    event = delivery.event
    with request_context(request_id=event.request_id, trace_id=event.correlation_id):
        subscription_of(delivery.destination).handler(Envelope.of(event))
