"""Endpoints that are not sent to any more, and what becomes of what waits for them."""

from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from api.transactions import transactional
from api.waking import wake
from events.envelopes import Subject
from events.locks import lock_endpoint, lock_waiting_deliveries
from events.models import DeliveryState, EventDelivery, WebhookEndpoint
from events.publishing import publish
from events.webhooks.addresses import host_of

BATCH: Final = 500


@transactional
def disable_endpoint(endpoint_id: UUID, *, reason: str) -> bool:
    """Says whether there was anything to disable. Its owner is told by event, and is the only one who may see it
    besides staff; of the address the event has the host, because the rest may be a secret."""
    endpoint = lock_endpoint(endpoint_id)
    if not endpoint.is_listening:
        return False
    endpoint.is_active = False
    endpoint.disabled_reason = reason
    endpoint.version += 1
    endpoint.save(update_fields=["is_active", "disabled_reason", "version", "updated_at"])
    publish(
        "webhook_endpoint.disabled",
        subject=Subject("webhook_endpoint", endpoint.id, endpoint.version),
        publisher_id=endpoint.owner_id,
        data={"owner_id": str(endpoint.owner_id), "host": host_of(endpoint.url), "reason": reason},
    )
    wake("events.send_webhooks")
    return True


def bury_undeliverable() -> int:
    """Make dead letters of what waits for endpoints that are not sent to; returns how many.

    In batches, because there may be as many as an endpoint has missed in days. They are no events, other than a dead
    letter that was tried to the end: that the endpoint was disabled tells everything.
    """
    not_sent_to = WebhookEndpoint.objects.exclude(is_active=True, retired_at=None, owner__is_active=True)
    waiting = EventDelivery.objects.pending().filter(endpoint=OuterRef("pk"))
    endpoints = list(not_sent_to.filter(Exists(waiting)).select_related("owner"))
    return sum(_bury_all(endpoint.id, reason=_why(endpoint)) for endpoint in endpoints)


def _bury_all(endpoint_id: UUID, *, reason: str) -> int:
    total = 0
    while buried := _bury_batch(endpoint_id, reason=reason):
        total += buried
    return total


@transactional
def _bury_batch(endpoint_id: UUID, *, reason: str) -> int:
    """Those under way at this moment get their answer first."""
    ids = lock_waiting_deliveries(endpoint_id, now=timezone.now(), limit=BATCH)
    return EventDelivery.objects.filter(id__in=ids).update(
        state=DeliveryState.DEAD, leased_until=None, last_error=reason
    )


def bury_waiting(endpoint_id: UUID, *, reason: str) -> None:
    """All at once, in the caller's transaction: for an endpoint that is to start clean."""
    _bury_all(endpoint_id, reason=reason)


def _why(endpoint: WebhookEndpoint) -> str:
    if endpoint.retired_at:
        return "the endpoint was removed"
    if not endpoint.is_active:
        return endpoint.disabled_reason or "the endpoint was not active"
    return "the account of the endpoint's owner is not active"
