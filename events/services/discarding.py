"""Giving a dead letter up for good, so that it keeps nothing any more."""

import logging
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Concat

from accounts.actors import Actor
from api.transactions import transactional
from events.models import DeliveryState, EventDelivery

logger = logging.getLogger(__name__)


@transactional
def discard(delivery_id: UUID, *, actor: Actor, reason: str) -> bool:
    """Says whether it was a dead letter. That what it asks for needs not be done, or was done by hand, is the actor's
    to know; their reason, a person's words, stays with the row and out of the log.
    """
    told = Value(f"Discarded by {actor.label}: {reason}\n")
    dead = EventDelivery.objects.filter(id=delivery_id, state=DeliveryState.DEAD)
    discarded = dead.update(state=DeliveryState.DISCARDED, last_error=Concat(told, F("last_error")))
    if discarded:
        logger.warning("dead letter %s discarded by %s", delivery_id, actor.user_id)
    return bool(discarded)
