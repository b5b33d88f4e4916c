"""Endpoints, events for them, and a sender, for the tests of webhooks."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from events.envelopes import Subject
from events.models import Event, EventDelivery, WebhookEndpoint
from events.publishing import publish
from events.services.sequencing import sequence_new_events
from events.webhooks.lines import Line
from events.webhooks.network import Network
from events.webhooks.posting import Answer, Request
from events.webhooks.sending import Sender
from events.webhooks.signing import new_secret


def make_endpoint(
    url: str = "https://hooks.example.com/", *, owner: User | None = None, **fields: Any
) -> WebhookEndpoint:
    """An administrator's, unless told otherwise: it gets everything."""
    owner = owner or make_user(Role.ADMIN)
    return WebhookEndpoint.objects.create(owner=owner, url=url, **{"secret": new_secret(), **fields})


def make_webhook(endpoint: WebhookEndpoint, **fields: Any) -> EventDelivery:
    """A delivery to it, of an event that nobody else hears of."""
    event = Event.objects.create(
        type="order.paid",
        subject_type="order",
        subject_id=uuid4(),
        subject_version=1,
        sequence=Event.objects.count() + 1,
    )
    return EventDelivery.objects.create(
        event=event, subject_id=event.subject_id, destination=endpoint.destination, endpoint=endpoint, **fields
    )


def happen(event_type: str = "order.created", *, subject_id: UUID | None = None, **fields: Any) -> Event:
    """Publish one and give it its place, with a delivery for every endpoint that gets it."""
    with transaction.atomic():
        event = publish(event_type, subject=Subject("order", subject_id or uuid4(), 1), **{"data": {"a": 1}, **fields})
    sequence_new_events()
    return event


def make_due() -> None:
    """As if the pauses were over."""
    EventDelivery.objects.pending().update(next_attempt_at=timezone.now())


def states(endpoint: WebhookEndpoint) -> list[tuple[str, int]]:
    """State and attempts of its deliveries, in the order of the events."""
    return list(endpoint.deliveries.order_by("event_id").values_list("state", "attempts"))


SHORT_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Impatient:
    """Waits only a moment for some receivers, who will not answer, and as long as others do for all the others."""

    network: Network
    urls: tuple[str, ...]

    def send(
        self, request: Request, *, line: Line, start_within_seconds: float, deadline_seconds: float
    ) -> "Future[Answer]":
        return self.network.send(
            request,
            line=line,
            start_within_seconds=start_within_seconds,
            deadline_seconds=SHORT_SECONDS if request.url in self.urls else deadline_seconds,
        )

    def break_up(self, line: Line) -> None:
        self.network.break_up(line)


def impatient_with(sender: Sender, *urls: str) -> None:
    """A deadline that is short for all would sometimes be too short for those who answer."""
    sender._network = Impatient(sender._network, urls)
