"""Giving dead letters another chance."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from api.transactions import transactional
from api.waking import wake
from events.models import DeliveryState, EventDelivery


@transactional
def redrive(delivery_ids: Iterable[UUID]) -> int:
    """Make these dead letters due now, with all their attempts before them; returns how many there were."""
    return _redrive(delivery_ids=list(delivery_ids))


@transactional
def redrive_destination(destination: str) -> int:
    dead = EventDelivery.objects.filter(destination=destination, state=DeliveryState.DEAD)
    return _redrive(delivery_ids=list(dead.values_list("id", flat=True)))


def _redrive(*, delivery_ids: list[UUID]) -> int:
    redriven = EventDelivery.objects.filter(id__in=delivery_ids, state=DeliveryState.DEAD).update(
        state=DeliveryState.PENDING, attempts=0, next_attempt_at=timezone.now(), leased_until=None
    )
    wake("events.relay")
    wake("events.send_webhooks")
    return redriven
