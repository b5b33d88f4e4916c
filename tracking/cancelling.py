"""Cancelling by the link: what the customer may do with a login, whoever has the link may, too (docs/decisions/0013).

That is before the store has confirmed, and no more than the table of transitions allows customers.
"""

from typing import Final

from accounts.actors import Actor, ActorKind
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.moving import allowed_moves
from orders.states import OrderStatus
from tracking.selectors import order_id_by_token

# No account stands behind it: who has the link is all that is known.
BY_LINK: Final = Actor(kind=ActorKind.CUSTOMER, label="Customer, by the link")
REASON: Final = "Cancelled on the tracking page."


def can_be_cancelled(order: Order) -> bool:
    return OrderStatus.CANCELLED in allowed_moves(order, actor=BY_LINK)


def cancel_by_token(token: str) -> Order:
    """Again is harmless. Raises OrderNotFound, TransitionNotAllowed."""
    return cancel_order(order_id_by_token(token), actor=BY_LINK, reason=REASON)
