"""The row locks of this app. An order's lock comes first: order → payment → courier → assignment → product rows."""

from uuid import UUID

from orders.errors import OrderNotFound
from orders.models import Order


def lock_order(order_id: UUID) -> Order:
    """The order as it is now, with its store, until the end of the transaction."""
    locked = Order.objects.select_for_update(of=("self",), no_key=True).select_related("store").filter(id=order_id)
    order = locked.first()
    if order is None:
        raise OrderNotFound
    return order
