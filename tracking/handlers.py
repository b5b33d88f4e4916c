"""Telling live pages what has happened. They look for themselves, so nothing that is not told is lost."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.utils import timezone

from couriers.moving import Move, watches_moves
from events.envelopes import Envelope
from events.watching import watches_events
from tracking.board.looking import SUBJECTS
from tracking.in_hand import in_the_same_hands, reached_by
from tracking.live.hints import BoardChanged, CourierMoved, OrdersChanged
from tracking.live.pushing import sender

# What of one order changes when its courier is at the other doors. Those that end it in somebody's hands name them.
_CHANGES_A_TOUR: Final = frozenset(
    f"order.{what}" for what in ("assigned", "unassigned", "ready", "picked_up", "delivered", "failed", "cancelled")
)


@watches_events
def tell_of_events(envelopes: Sequence[Envelope]) -> None:
    own = {event.subject.id: event.sequence for event in envelopes if event.subject.type == "order"}
    sequences = {**_others_in_the_same_hands(envelopes), **own}
    if sequences:
        sender.send(OrdersChanged(sequences))
    elif any(event.subject.type in SUBJECTS for event in envelopes):
        sender.send(BoardChanged())


@watches_moves
def tell_of_move(move: Move) -> None:
    """To whom the courier rides now, and the dispatchers. Each socket knows what of it its reader may know."""
    sender.send(CourierMoved(move, reached_by(move.courier_id, now=timezone.now())))


def _others_in_the_same_hands(envelopes: Sequence[Envelope]) -> Mapping[UUID, int]:
    """The orders that their courier now brings sooner or later, because of what has become of another."""
    changes = [event for event in envelopes if event.type in _CHANGES_A_TOUR]
    if not changes:
        return {}
    named = {UUID(str(courier_id)) for event in changes if (courier_id := event.data.get("courier_id"))}
    orders = in_the_same_hands(order_ids={event.subject.id for event in changes}, courier_ids=named)
    return dict.fromkeys(orders, changes[-1].sequence)
