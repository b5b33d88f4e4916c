"""The one shape in which an event is shown: to handlers now, to webhooks, feed and sockets alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from api.errors import JSON
from api.moments import moment

if TYPE_CHECKING:
    from events.models import Event


@dataclass(frozen=True)
class Subject:
    """What an event is about, and the version it has reached by it."""

    type: str
    id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class Envelope:
    id: UUID
    type: str
    occurred_at: datetime
    sequence: int
    subject: Subject
    store_id: UUID | None
    correlation_id: str
    data: Mapping[str, JSON]

    @classmethod
    def of(cls, event: "Event") -> Self:
        """Only sequenced events have an envelope: nobody outside hears of one before its place is known."""
        if event.sequence is None:
            raise ValueError(f"event {event.event_id} has no sequence yet")
        return cls(
            id=event.event_id,
            type=event.type,
            occurred_at=event.occurred_at,
            sequence=event.sequence,
            subject=Subject(event.subject_type, event.subject_id, event.subject_version),
            store_id=event.store_id,
            correlation_id=event.correlation_id,
            data=event.data,
        )

    def as_json(self) -> dict[str, JSON]:
        """What webhooks, the feed and sockets say."""
        return {
            "id": str(self.id),
            "type": self.type,
            "occurred_at": moment(self.occurred_at),
            "sequence": self.sequence,
            "subject": {"type": self.subject.type, "id": str(self.subject.id), "version": self.subject.version},
            "store_id": str(self.store_id) if self.store_id else None,
            "correlation_id": self.correlation_id,
            "data": dict(self.data),
        }
