"""Reading on in the sequence: what somebody may see of it, in order, none left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from api.errors import FieldProblem, InvalidRequest
from events.audience import Audience
from events.envelopes import Envelope
from events.errors import EventsExpired
from events.models import Event, SequenceCounter

MAX_LIMIT: Final = 500
EXAMINED_AT_ONCE: Final = 20_000
"""How many events one call looks at: who may see few of them, or asks for few, finds the end in several calls instead
of having one that reads the whole table. No filter needs an index of its own, which every new event would pay for."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    events: Sequence[Envelope]
    after: int
    """Where to read on: everything up to here has been looked at."""
    last: int
    """The newest sequence there is."""


def read_on(
    audience: Audience, *, after: int | None, limit: int, asked_for: Q, examined_at_once: int = EXAMINED_AT_ONCE
) -> Reading:
    """The first events after the sequence `after`; without one, from the oldest that is kept.

    Raises EventsExpired where some of them are gone, and InvalidRequest for a place that does not exist yet.
    """
    counter = _counter()
    start = counter.removed if after is None else after
    _refuse_places_to_come(start, last=counter.last)
    until = min(start + examined_at_once, counter.last)
    in_reach = Event.objects.filter(sequence__gt=start, sequence__lte=until)
    found = list(in_reach.filter(audience.visible(), asked_for).order_by("sequence")[:limit])
    _refuse_removed(start)
    envelopes = [Envelope.of(event) for event in found]
    read_up_to = envelopes[-1].sequence if len(envelopes) == limit else until
    return Reading(events=envelopes, after=read_up_to, last=counter.last)


def _counter() -> SequenceCounter:
    return SequenceCounter.objects.first() or SequenceCounter()


def _refuse_places_to_come(start: int, *, last: int) -> None:
    """Whoever has such a place has it from another database, and would wait here for events they take for known."""
    if start > last:
        detail = f"The newest event here is {last}: this place is not of this installation."
        raise InvalidRequest(errors=[FieldProblem("", "not_reached", detail, {"parameter": "after"})])


def _refuse_removed(start: int) -> None:
    """Asked when the events have been read, because they may be removed while they are."""
    removed = _counter().removed
    if start < removed:
        raise EventsExpired(after=removed, oldest=removed + 1)
