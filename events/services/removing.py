"""Forgetting what is long over: log and deliveries first, then events, from the beginning of the sequence on."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from django.conf import settings
from django.utils import timezone

from api.creation import created_within
from api.purging import delete_first
from api.transactions import transactional
from api.waking import wake
from events.locks import lock_deliveries_of, lock_oldest_events
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter, WebhookAttempt, WebhookEndpoint

logger = logging.getLogger(__name__)

BATCH: Final = 1_000
BATCHES_PER_RUN: Final = 100
SETTLED: Final = (DeliveryState.DELIVERED, DeliveryState.DISCARDED)


class SequenceBroken(RuntimeError):
    """The oldest event is not the one after the last that was removed: to be looked at before more is removed."""


def remove_old() -> int:
    """Remove what is older than the settings say; returns how many rows. In batches, each a short transaction.

    So much in one run that no task takes long; what is left then is another run's.
    """
    now = timezone.now()
    log_until = now - timedelta(days=settings.EVENT_DELIVERY_RETENTION_DAYS)
    removed = 0
    for remove, until in (
        (remove_attempts, log_until),
        (remove_deliveries, log_until),
        (remove_events, now - timedelta(days=settings.EVENT_RETENTION_DAYS)),
    ):
        removed += _in_batches(remove, until=until)
    return removed


def _in_batches(remove: Callable[[datetime], int], *, until: datetime) -> int:
    removed = 0
    for _ in range(BATCHES_PER_RUN):
        batch = remove(until)
        removed += batch
        if batch < BATCH:
            return removed
    wake("events.remove_old")
    return removed


@transactional
def remove_attempts(until: datetime) -> int:
    old = WebhookAttempt.objects.filter(created_within({"created_before": until}))
    return delete_first(old.order_by("pk"), limit=BATCH)


@transactional
def remove_deliveries(until: datetime) -> int:
    """Only those that arrived. A dead letter stays until somebody has decided about it."""
    made = EventDelivery.objects.filter(created_within({"created_before": until}))
    arrived = made.filter(state=DeliveryState.DELIVERED, delivered_at__lt=until)
    return delete_first(arrived.order_by("pk"), limit=BATCH)


@transactional
def remove_events(until: datetime) -> int:
    """The first of those kept, as far as all of them are older than `until` and settled everywhere.

    What is kept stays a sequence without gaps, and the counter says where it begins. Raises SequenceBroken.
    """
    old = list(takewhile(lambda event: event.occurred_at < until, lock_oldest_events(BATCH)))
    held = _held(old)
    removable = list(takewhile(lambda event: event.pk not in held, old))
    if len(removable) < len(old):
        first = old[len(removable)]
        logger.warning("sequence %s waits for %s and keeps what follows", first.sequence, held[first.pk])
    if removable:
        _delete(removable)
    return len(removable)


def _held(events: list[Event]) -> dict[int, str]:
    """The events that some destination still waits for, and the destination. A retired endpoint waits for nothing."""
    unsettled = [row for row in lock_deliveries_of(events) if row.state not in SETTLED]
    endpoints = WebhookEndpoint.objects.filter(pk__in={row.endpoint_id for row in unsettled})
    retired = set(endpoints.exclude(retired_at=None).values_list("pk", flat=True))
    return {row.event_id: row.destination for row in unsettled if row.endpoint_id not in retired}


def _delete(events: list[Event]) -> None:
    """With their deliveries. The counter comes last, because nothing can be sequenced while it is held."""
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()
    _count(max(event.sequence or 0 for event in events), number=len(events), until=max(e.occurred_at for e in events))
    wake("events.relay")


def _count(last: int, *, number: int, until: datetime) -> None:
    latest = SequenceCounter.objects.get().removed_until
    counted = SequenceCounter.objects.filter(removed=last - number).update(
        removed=last, removed_until=max(until, latest or until)
    )
    if not counted:
        raise SequenceBroken(f"the {number} oldest events end at {last}, and do not follow those removed before")
