"""Telling live pages what has happened. They look for themselves, so nothing that is not told is lost."""

from collections.abc import Sequence

from couriers.models import Assignment
from couriers.moving import Move, watches_moves
from events.envelopes import Envelope
from events.watching import watches_events
from tracking.board.looking import SUBJECTS
from tracking.live.hints import BoardChanged, CourierMoved, OrdersChanged
from tracking.live.pushing import sender


@watches_events
def tell_of_events(envelopes: Sequence[Envelope]) -> None:
    sequences = {event.subject.id: event.sequence for event in envelopes if event.subject.type == "order"}
    if sequences:
        sender.send(OrdersChanged(sequences))
    elif any(event.subject.type in SUBJECTS for event in envelopes):
        sender.send(BoardChanged())


@watches_moves
def tell_of_move(move: Move) -> None:
    """To whom the courier rides now, and the dispatchers. Each socket knows what of it its reader may know."""
    rides = Assignment.objects.active().filter(courier_id=move.courier_id)
    sender.send(CourierMoved(move, list(rides.order_by().values_list("order_id", flat=True))))
