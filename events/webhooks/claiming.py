"""Taking the deliveries that are due: in turn for all endpoints, and not too many at once for any of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from api.transactions import transactional
from events.audience import Audience
from events.locks import lock_endpoint
from events.models import DeliveryState, EventDelivery, EventDeliveryQuerySet, WebhookEndpoint
from events.services.deliveries import claim
from events.webhooks.lines import AT_ONCE, Line, Lines

WITHHELD = "withheld: its owner may not see this event any more"


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours for the time of its lease, and where it goes."""

    delivery: EventDelivery
    endpoint: WebhookEndpoint


def claim_due(lines: Lines) -> list[Claim]:
    """Some for each endpoint that has any, in another order each time, because there may not be room for all."""
    endpoints = _endpoints_with_due_deliveries(lines)
    random.shuffle(endpoints)
    claimed: list[Claim] = []
    free = AT_ONCE - lines.requests
    for endpoint in endpoints:
        line = lines.to(endpoint.id)
        before = line.requests
        found = _claim_for(endpoint.id, line=line, free=before + free)
        free -= min(line.held + len(found), line.at_once) - before
        claimed += found
    return _visible(claimed, owners=endpoints)


def _endpoints_with_due_deliveries(lines: Lines) -> list[WebhookEndpoint]:
    """Those that have room for one more, as far as can be seen without their locks."""
    due = EventDelivery.objects.due(timezone.now()).filter(endpoint=OuterRef("pk"))
    listening = WebhookEndpoint.objects.listening().filter(owner__is_active=True)
    found: Any = listening.filter(Exists(due)).annotate(under_way=_number_under_way()).select_related("owner")
    return [
        endpoint
        for endpoint in found
        if (line := lines.to(endpoint.id)).room(at_once=_at_once(endpoint, line=line, leased=endpoint.under_way)) > 0
    ]


def _number_under_way() -> Coalesce:
    rows = _under_way().filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)


def _under_way() -> EventDeliveryQuerySet:
    return EventDelivery.objects.pending().filter(leased_until__gt=timezone.now())


@transactional
def _claim_for(endpoint_id: UUID, *, line: Line, free: int) -> list[Claim]:
    """Under the endpoint's lock, so that the workers together keep to its limit.

    Taken before the locks of deliveries, other than everywhere else; but for those it never waits.
    """
    endpoint = lock_endpoint(endpoint_id)
    if not endpoint.is_listening:
        return []
    leased = _under_way().filter(endpoint=endpoint).count()
    # One for everybody, however busy others keep us: their lines are never empty while they have a backlog.
    at_once = min(max(1, free), _at_once(endpoint, line=line, leased=leased))
    room = line.room(at_once=at_once)
    if room <= 0:
        return []
    line.at_once = at_once
    waiting = EventDelivery.objects.filter(endpoint=endpoint)
    claimed = claim(waiting, limit=room, work_seconds=settings.WEBHOOK_TIMEOUT_SECONDS)
    return [Claim(delivery, endpoint) for delivery in claimed]


def _at_once(endpoint: WebhookEndpoint, *, line: Line, leased: int) -> int:
    """How many requests may be ours: who has leased deliveries may have that many of them under way.

    One that fails is asked by one request at a time: it may be one that hangs, and each takes its time.
    """
    most = 1 if endpoint.failing_since else int(settings.WEBHOOK_CONCURRENCY)
    return most - max(0, leased - line.held)


def _visible(claimed: Sequence[Claim], *, owners: Sequence[WebhookEndpoint]) -> list[Claim]:
    """Without the events that the owner was allowed to see when they happened, and is not any more."""
    if not claimed:
        return []
    audiences = Audience.of_each([endpoint.owner for endpoint in owners])
    visible = [held for held in claimed if _may_see(audiences[held.endpoint.owner_id], held.delivery)]
    kept = {held.delivery.id for held in visible}
    withheld = [held.delivery.id for held in claimed if held.delivery.id not in kept]
    if withheld:
        EventDelivery.objects.pending().filter(id__in=withheld).update(
            state=DeliveryState.DEAD, leased_until=None, last_error=WITHHELD
        )
    return visible


def _may_see(audience: Audience, delivery: EventDelivery) -> bool:
    return audience.may_see(store_id=delivery.event.store_id, publisher_id=delivery.event.publisher_id)
