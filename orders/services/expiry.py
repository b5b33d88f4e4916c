"""Unpaid orders give their stock back by themselves."""

from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.transactions import transactional
from orders.locks import lock_order
from orders.models import Order
from orders.services.cancelling import EXPIRED, cancel_locked
from orders.services.sweeping import sweep
from orders.states import OrderStatus

BATCH = 200


def expire_due_orders() -> int:
    """Cancel the unpaid orders whose time is over, each in its own transaction; returns how many."""
    due = Order.objects.expired(timezone.now()).order_by("expires_at")
    return sweep(list(due.values_list("id", flat=True)[:BATCH]), work=_expire)


@transactional
def _expire(order_id: UUID) -> bool:
    """Looks again under the lock: the payment may have arrived in between."""
    order = lock_order(order_id)
    if order.status != OrderStatus.CREATED or order.expires_at is None or order.expires_at > timezone.now():
        return False
    cancel_locked(order, actor=Actor.system("expiry"), reason="Not paid in time", reason_code=EXPIRED)
    return True


def suspend_expiry(order: Order) -> None:
    """Money has come that staff must look at: the order waits for them. The caller holds the order's lock."""
    order.expires_at = None
    order.save(update_fields=["expires_at"])
