"""Telling live pages what has happened. They look for themselves, so nothing that is not told is lost."""

from collections.abc import Sequence

from couriers.models import Assignment
from couriers.moving import Move, watches_moves
from events.envelopes import Envelope
from events.watching import watches_events
from tracking.live.hints import CourierMoved, OrdersChanged
from tracking.live.pushing import sender


@watches_events
def tell_of_orders(envelopes: Sequence[Envelope]) -> None:
    sequences = {event.subject.id: event.sequence for event in envelopes if event.subject.type == "order"}
    if sequences:
        sender.send(OrdersChanged(sequences))


@watches_moves
def tell_of_move(move: Move) -> None:
    """To whom the courier rides now. Each socket knows what of it its reader may know."""
    rides = Assignment.objects.active().filter(courier_id=move.courier_id)
    order_ids = list(rides.order_by().values_list("order_id", flat=True))
    if order_ids:
        sender.send(CourierMoved(move, order_ids))
