"""Writing an event into the outbox: the only door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from api.errors import JSON
from api.inserting import insert
from api.request_ids import current_request_id, current_trace_id, new_trace_id
from api.waking import wake
from events.envelopes import Subject
from events.models import Event
from events.types import EVENT_TYPES


class OutsideTransaction(RuntimeError):
    """An event must be written in the transaction that makes it true."""


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """What is going to be published; `publish` says what the fields mean."""

    type: str
    subject: Subject
    store_id: UUID | None = None
    publisher_id: UUID | None = None
    data: Mapping[str, JSON] = field(default_factory=dict)


def publish(
    event_type: str,
    *,
    subject: Subject,
    store_id: UUID | None = None,
    publisher_id: UUID | None = None,
    data: Mapping[str, JSON] | None = None,
) -> Event:
    """Record a fact with the caller's changes; the relay is woken when they are committed.

    The caller holds the subject's lock, which is what puts the events of one subject in order. `data` holds no
    personal data: it leaves the installation. The members of the store may see the event, and the account
    `publisher_id`.
    """
    if event_type not in EVENT_TYPES:
        raise ValueError(f"unknown event type {event_type}")
    return write(
        NewEvent(type=event_type, subject=subject, store_id=store_id, publisher_id=publisher_id, data=data or {})
    )


def write(event: NewEvent) -> Event:
    """For this app only: whether the type is one that the publisher may use has been decided."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(event.type)
    written = insert(
        Event(
            type=event.type,
            subject_type=event.subject.type,
            subject_id=event.subject.id,
            subject_version=event.subject.version,
            store_id=event.store_id,
            publisher_id=event.publisher_id,
            correlation_id=current_trace_id() or new_trace_id(),
            request_id=current_request_id(),
            data=dict(event.data),
        )
    )
    wake("events.relay")
    return written
