"""Writing an event into the outbox: the only door."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from api.errors import JSON
from api.request_ids import current_request_id, current_trace_id, new_trace_id
from api.waking import wake
from events.envelopes import Subject
from events.models import Event
from events.types import EVENT_TYPES


class OutsideTransaction(RuntimeError):
    """An event must be written in the transaction that makes it true."""


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
    if not connection.in_atomic_block:
        raise OutsideTransaction(event_type)
    if event_type not in EVENT_TYPES:
        raise ValueError(f"unknown event type {event_type}")
    event = Event.objects.create(
        type=event_type,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_version=subject.version,
        store_id=store_id,
        publisher_id=publisher_id,
        correlation_id=current_trace_id() or new_trace_id(),
        request_id=current_request_id(),
        data=dict(data or {}),
    )
    wake("events.relay")
    return event
