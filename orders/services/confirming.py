"""The store takes the order on, and says when it is ready."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from orders.errors import DropoffMissing, TransitionNotAllowed
from orders.locks import lock_order
from orders.models import Order
from orders.services.moving import allowed_moves, move, refuse_move, refuse_unless_allowed, was_last_done_by
from orders.services.recording import record
from orders.states import IN_PREPARATION, OrderStatus, PaymentMethod


@transactional
def confirm_order(order_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Order:
    """Raises TransitionNotAllowed, DropoffMissing. A failed order that is confirmed again starts over."""
    order = lock_order(order_id)
    if order.status == OrderStatus.CONFIRMED and was_last_done_by(order, what="confirmed", actor=actor):
        return order
    check_version(order.version, expected_version)
    _confirm(order, actor=actor)
    return order


def confirm_if_automatic(order: Order) -> None:
    """For stores that take every order they can deliver. The caller holds the order's lock."""
    is_cash = order.payment_method == PaymentMethod.CASH
    settled = order.status == OrderStatus.PAID or (order.status == OrderStatus.CREATED and is_cash)
    if order.store.confirms_automatically and settled and order.has_dropoff:
        _confirm(order, actor=Actor.system("automatic confirmation"))


def _confirm(order: Order, *, actor: Actor) -> None:
    refuse_unless_allowed(order, to=OrderStatus.CONFIRMED, actor=actor)
    if order.status == OrderStatus.ASSIGNED:
        raise refuse_move(order, to=OrderStatus.CONFIRMED, actor=actor)
    if not order.has_dropoff:
        raise DropoffMissing
    order.courier_id = None
    order.ready_at = None
    order.estimated_ready_at = timezone.now() + timedelta(minutes=order.store.preparation_minutes)
    move(
        order,
        to=OrderStatus.CONFIRMED,
        what="confirmed",
        actor=actor,
        data={"estimated_ready_at": order.estimated_ready_at.isoformat()},
    )


@transactional
def mark_ready(order_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Order:
    """Record that the goods wait for the courier: a fact beside the state. Saying it again changes nothing.

    Raises TransitionNotAllowed unless the store is preparing it.
    """
    order = lock_order(order_id)
    if order.status not in IN_PREPARATION:
        raise TransitionNotAllowed(
            "Only an order that the store is preparing becomes ready.",
            order_status=order.status,
            allowed=allowed_moves(order, actor=actor),
        )
    if order.ready_at is not None:
        return order
    check_version(order.version, expected_version)
    order.ready_at = timezone.now()
    record(order, what="ready", actor=actor, data={"ready_at": order.ready_at.isoformat()})
    return order
