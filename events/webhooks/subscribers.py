"""Which endpoints an event is sent to."""

from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from events.audience import Audience
from events.models import Event, WebhookEndpoint

PINGED: Final = "webhook_endpoint.pinged"
FAMILY: Final = ".*"


@dataclass(frozen=True)
class Subscriber:
    endpoint_id: UUID
    destination: str
    types: frozenset[str]
    families: tuple[str, ...]
    store_ids: frozenset[UUID]
    audience: Audience

    @classmethod
    def of(cls, endpoint: WebhookEndpoint, *, audience: Audience) -> Self:
        return cls(
            endpoint_id=endpoint.id,
            destination=endpoint.destination,
            types=frozenset(endpoint.event_types),
            families=tuple(name.removesuffix("*") for name in endpoint.event_types if name.endswith(FAMILY)),
            store_ids=frozenset(UUID(store_id) for store_id in endpoint.store_ids),
            audience=audience,
        )

    def gets(self, event: Event) -> bool:
        """A ping is for the endpoint it is about, and for nobody else."""
        if event.type == PINGED:
            return event.subject_id == self.endpoint_id
        return (
            self._asked_for(event.type)
            and (not self.store_ids or event.store_id in self.store_ids)
            and self.audience.may_see(store_id=event.store_id, publisher_id=event.publisher_id)
        )

    def _asked_for(self, event_type: str) -> bool:
        return not self.types or event_type in self.types or event_type.startswith(self.families)


def current_subscribers() -> list[Subscriber]:
    """In two questions, however many events they are then asked about."""
    endpoints = list(WebhookEndpoint.objects.listening().select_related("owner").filter(owner__is_active=True))
    audiences = Audience.of_each([endpoint.owner for endpoint in endpoints])
    return [Subscriber.of(endpoint, audience=audiences[endpoint.owner_id]) for endpoint in endpoints]
