"""The row locks of this app. An order's lock comes first: order → payment → courier → assignment → product rows."""

from collections.abc import Iterable
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


def lock_orders(order_ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Those that there are, by id, so that two who want the same orders cannot wait for each other."""
    locked = Order.objects.select_for_update(of=("self",), no_key=True).select_related("store")
    return {order.pk: order for order in locked.filter(pk__in=set(order_ids)).order_by("pk")}
