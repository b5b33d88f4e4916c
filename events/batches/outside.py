"""Batches of integrators: their own types, about their own stores, in the order in which they sent them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from accounts.locks import lock_user
from accounts.models import User
from api.errors import FieldProblem
from events.audience import Audience
from events.batches.publishing import InvalidEvents, publish_batch
from events.models import Event
from events.publishing import NewEvent


def publish_from_outside(
    read_events: Callable[[], Sequence[NewEvent]], *, publisher: User, correlation_id: str | None = None
) -> list[Event]:
    """Publish them as one batch of this account. `read_events` may raise InvalidEvents. Raises BatchRolledBack.

    An account's batches wait for each other: nobody here holds a lock on what the events are about, so this is what
    puts them in order.
    """

    def make_events() -> Iterator[NewEvent]:
        lock_user(publisher.pk)
        events = read_events()
        _refuse_foreign_stores(events, audience=Audience.of(publisher))
        return (replace(event, publisher_id=publisher.pk) for event in events)

    return publish_batch(make_events, correlation_id=correlation_id, publisher_id=publisher.pk)


def _refuse_foreign_stores(events: Sequence[NewEvent], *, audience: Audience) -> None:
    foreign = [index for index, event in enumerate(events) if not _may_tell(event, audience=audience)]
    if foreign:
        raise InvalidEvents([_not_yours(index) for index in foreign], index=foreign[0])


def _may_tell(event: NewEvent, *, audience: Audience) -> bool:
    return event.store_id is None or audience.may_see(store_id=event.store_id, publisher_id=None)


def _not_yours(index: int) -> FieldProblem:
    return FieldProblem(f"/events/{index}/store_id", "store_not_yours", "You do not act for this store.")
