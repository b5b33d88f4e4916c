"""What has happened on the board since somebody looked last, read once for all who look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from events.envelopes import Envelope
from events.models import Event, SequenceCounter
from tracking.board.reading import Rows, last_sequence, read_rows
from tracking.board.rows import OrderRow
from tracking.board.viewing import Viewer
from tracking.in_hand import in_the_same_hands

SUBJECTS: Final = ("order", "assignment", "courier")
MOST_AT_ONCE: Final = 200
MOST_REPLAYED: Final = 200


@dataclass(frozen=True, kw_only=True)
class Look:
    """The events up to `until`, and the rows that they concern, as they are now.

    Of `order_ids` and `courier_ids`, what is not in `rows` is not on the board any more. There may be more in `rows`.
    """

    until: int
    is_last: bool
    events: tuple[Envelope, ...]
    order_ids: frozenset[UUID]
    courier_ids: frozenset[UUID]
    rows: Rows


def look_since(sequence: int, *, known: Mapping[UUID, OrderRow]) -> Look:
    """The events are read before the rows, which may be ahead of them, but not behind.

    `known` are the orders that were on the board: whoever had one of them is concerned too. And so is whatever else the
    couriers have in hand who are concerned: they bring it sooner or later now.
    """
    last = last_sequence()
    found = _events().filter(sequence__gt=sequence, sequence__lte=last).order_by("sequence")[:MOST_AT_ONCE]
    events = tuple(Envelope.of(event) for event in found)
    is_last = len(events) < MOST_AT_ONCE
    order_ids = frozenset(_named("order", events))
    holders = {known[order_id].courier_id for order_id in order_ids if order_id in known}
    courier_ids = frozenset(_named("courier", events)) | {courier_id for courier_id in holders if courier_id}
    return Look(
        until=last if is_last else events[-1].sequence,
        is_last=is_last,
        events=events,
        order_ids=order_ids,
        courier_ids=courier_ids,
        rows=_rows(order_ids=order_ids, courier_ids=courier_ids) if events else Rows({}, {}),
    )


def _rows(*, order_ids: frozenset[UUID], courier_ids: frozenset[UUID]) -> Rows:
    others = in_the_same_hands(order_ids=order_ids, courier_ids=courier_ids)
    return read_rows(order_ids=order_ids | others, courier_ids=courier_ids)


def missed_events(viewer: Viewer, *, after: int, until: int) -> tuple[Envelope, ...] | None:
    """What this reader has missed; None where they must begin anew: too much of it, or not kept, or not from here."""
    counter = SequenceCounter.objects.values_list("removed", "last").first()
    removed, last = counter or (0, 0)
    if not removed <= after <= last:
        return None
    missed = _events().filter(sequence__gt=after, sequence__lte=until)
    if viewer.store_ids is not None:
        missed = missed.filter(store_id__in=viewer.store_ids)
    found = tuple(Envelope.of(event) for event in missed.order_by("sequence")[: MOST_REPLAYED + 1])
    return found if len(found) <= MOST_REPLAYED else None


def _events() -> QuerySet[Event]:
    """The platform's own; integrators' are about their own things, whatever they call them."""
    return Event.objects.filter(subject_type__in=SUBJECTS).exclude(type__startswith="ext.")


def _named(kind: str, events: Iterable[Envelope]) -> Iterable[UUID]:
    for event in events:
        if event.subject.type == kind:
            yield event.subject.id
        named = event.data.get(f"{kind}_id")
        if isinstance(named, str):
            yield UUID(named)
