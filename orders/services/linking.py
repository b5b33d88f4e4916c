"""The link under which customers follow their order, without signing in."""

from uuid import UUID

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from orders.errors import OrderClosed
from orders.locks import lock_order
from orders.models import Order, new_tracking_token
from orders.services.recording import record


@transactional
def renew_tracking_link(order_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Order:
    """Give the order another link; the one that is out shows nothing any more, also where it is open.

    Raises PreconditionFailed, OrderClosed where personal data have been removed and there is nothing to show.
    """
    order = lock_order(order_id)
    check_version(order.version, expected_version)
    if order.anonymised_at is not None:
        raise OrderClosed(order_status=order.status)
    order.tracking_token = new_tracking_token()
    record(order, what="updated", actor=actor, reason="New tracking link", data={"changed": ["tracking_link"]})
    return order
