"""Telling live pages what has happened. They look for themselves, so nothing that is not told is lost."""

from collections.abc import Sequence

from couriers.models import Assignment
from couriers.moving import Move, watches_moves
from couriers.states import AssignmentStatus
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
    """To those only whose order the courier carries, and carried then."""
    carried = Assignment.objects.filter(
        courier_id=move.courier_id, status=AssignmentStatus.PICKED_UP, picked_up_at__lte=move.recorded_at
    )
    order_ids = list(carried.order_by().values_list("order_id", flat=True))
    if order_ids:
        sender.send(CourierMoved(move, order_ids))
