"""Publishing several events in one transaction, under one correlation id; where it fails, one event tells of that."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from api.errors import JSON, CataloguedError, FieldProblem, InternalError
from api.identifiers import uuid7
from api.request_ids import current_request_id, current_trace_id, request_context
from api.transactions import in_transaction
from events.envelopes import Subject
from events.errors import BatchRolledBack
from events.models import Event
from events.publishing import NewEvent, publish, write
from events.type_names import is_from_outside
from events.types import EVENT_TYPES

logger = logging.getLogger(__name__)

ROLLED_BACK: Final = "batch.rolled_back"

MakeEvents = Callable[[], Iterable[NewEvent]]


class InvalidEvents(Exception):
    """For whoever makes the events of a batch: the first invalid one is at `index`, `problems` are those of all."""

    def __init__(self, problems: Sequence[FieldProblem], *, index: int) -> None:
        super().__init__(problems[0].pointer)
        self.problems = problems
        self.index = index


@dataclass(frozen=True)
class _Failure:
    reason: Exception


def publish_batch(
    make_events: MakeEvents, *, correlation_id: str | None = None, publisher_id: UUID | None = None
) -> list[Event]:
    """Publish what `make_events` makes: a list, or a generator, whose changes between two events belong to the batch.

    Where an event is invalid or `make_events` raises, all of that is taken back and one `batch.rolled_back` says at
    which event and with which code. Then BatchRolledBack is raised for invalid events, else what was raised. A caller
    who has a transaction of their own keeps that event only by letting the transaction commit.

    `make_events` may be called again, when a deadlock restarts the outermost transaction. With a `publisher_id` the
    batch is somebody's from outside, whose types are not ours.
    """
    outcome = in_transaction(
        partial(_all_or_none, make_events, correlation_id=correlation_id, publisher_id=publisher_id)
    )
    if isinstance(outcome, _Failure):
        raise outcome.reason
    return outcome


def _all_or_none(
    make_events: MakeEvents, *, correlation_id: str | None, publisher_id: UUID | None
) -> list[Event] | _Failure:
    published: list[Event] = []
    with request_context(request_id=current_request_id(), trace_id=correlation_id or current_trace_id()):
        try:
            with transaction.atomic():
                for event in make_events():
                    _refuse_type(event.type, index=len(published), is_outside=publisher_id is not None)
                    published.append(write(event))
                return published
        except (OperationalError, InterfaceError):
            raise  # the database's trouble, not the batch's: the outermost transaction may be restarted
        except InvalidEvents as invalid:
            return _invalid(invalid, publisher_id=publisher_id)
        except Exception as error:
            logger.exception("batch rolled back at event %d", len(published))
            code = error.code if isinstance(error, CataloguedError) else InternalError.code
            _tell({"index": len(published), "code": code, "pointer": ""}, publisher_id=publisher_id)
            return _Failure(error)


def _refuse_type(event_type: str, *, index: int, is_outside: bool) -> None:
    allowed = is_from_outside(event_type) if is_outside else event_type in EVENT_TYPES
    if not allowed:
        problem = FieldProblem(f"/events/{index}/type", "unknown_type", "Nobody may publish events of this type here.")
        raise InvalidEvents([problem], index=index)


def _invalid(invalid: InvalidEvents, *, publisher_id: UUID | None) -> _Failure:
    first = invalid.problems[0]
    reason: dict[str, JSON] = {"index": invalid.index, "code": first.code, "pointer": first.pointer}
    told = _tell(reason, publisher_id=publisher_id)
    return _Failure(
        BatchRolledBack(errors=invalid.problems, event_id=str(told.event_id), correlation_id=told.correlation_id)
    )


def _tell(reason: dict[str, JSON], *, publisher_id: UUID | None) -> Event:
    return publish(ROLLED_BACK, subject=Subject("batch", uuid7(), 1), publisher_id=publisher_id, data=reason)
