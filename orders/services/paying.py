"""What a payment does to its order."""

from django.utils import timezone

from accounts.actors import Actor
from orders.models import Order
from orders.services.confirming import confirm_if_automatic
from orders.services.moving import move
from orders.services.recording import record
from orders.states import OrderStatus, PaymentMethod


def begin_payment(order: Order) -> None:
    """From here on the total stands, because somebody is being charged it. The caller holds the order's lock.

    Nothing a reader of the order sees has changed, so neither has its version.
    """
    order.payment_started_at = timezone.now()
    order.save(update_fields=["payment_started_at"])


def pay_elsewhere(order: Order, *, actor: Actor) -> None:
    """The shop has charged an order that was to be paid online. The caller holds the order's lock."""
    order.payment_method = PaymentMethod.EXTERNAL
    record(order, what="updated", actor=actor, data={"changed": ["payment_method"], "total": str(order.total)})


def mark_paid(order: Order, *, actor: Actor) -> Order:
    """The money is there. The caller holds the order's lock."""
    move(
        order,
        to=OrderStatus.PAID,
        what="paid",
        actor=actor,
        data={"total": str(order.total), "currency": order.currency, "payment_method": order.payment_method},
    )
    confirm_if_automatic(order)
    return order
