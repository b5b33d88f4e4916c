"""What couriers do to an order. `couriers` calls these with the order's lock held, and keeps the assignment itself."""

from uuid import UUID

from accounts.actors import Actor, ActorKind
from orders.errors import OrderNotReady
from orders.models import Order
from orders.services.moving import move, refuse_unless_allowed
from orders.states import OrderStatus


def assign(order: Order, *, courier_id: UUID, actor: Actor) -> None:
    refuse_unless_allowed(order, to=OrderStatus.ASSIGNED, actor=actor)
    order.courier_id = courier_id
    move(order, to=OrderStatus.ASSIGNED, what="assigned", actor=actor, data={"courier_id": str(courier_id)})


def unassign(order: Order, *, actor: Actor, reason: str = "") -> None:
    """The order waits for another courier; what the kitchen has done stays done."""
    refuse_unless_allowed(order, to=OrderStatus.CONFIRMED, actor=actor)
    former, order.courier_id = order.courier_id, None
    move(
        order,
        to=OrderStatus.CONFIRMED,
        what="unassigned",
        actor=actor,
        reason=reason,
        data={"courier_id": str(former)},
    )


def pick_up(order: Order, *, actor: Actor) -> None:
    """Raises OrderNotReady for a courier who comes before the store has said that it is ready; staff may overrule."""
    refuse_unless_allowed(order, to=OrderStatus.PICKED_UP, actor=actor)
    if order.ready_at is None and actor.kind == ActorKind.COURIER:
        raise OrderNotReady
    move(order, to=OrderStatus.PICKED_UP, what="picked_up", actor=actor, data={"courier_id": str(order.courier_id)})


def deliver(order: Order, *, actor: Actor) -> None:
    move(
        order,
        to=OrderStatus.DELIVERED,
        what="delivered",
        actor=actor,
        data={
            "courier_id": str(order.courier_id),
            "total": str(order.total),
            "currency": order.currency,
            "payment_method": order.payment_method,
        },
    )


def fail(order: Order, *, actor: Actor, reason: str) -> None:
    """The courier could not hand it over; staff decide what becomes of it. `reason` is a code, not a person's words."""
    move(
        order,
        to=OrderStatus.FAILED,
        what="failed",
        actor=actor,
        reason=reason,
        data={"courier_id": str(order.courier_id), "reason": reason},
    )
