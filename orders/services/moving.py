"""Moving an order along its way: every move of every actor goes through `move`."""

from collections.abc import Mapping

from django.utils import timezone

from accounts.actors import Actor
from api.errors import JSON
from orders.errors import TransitionNotAllowed
from orders.models import Order
from orders.services.recording import record
from orders.states import FINAL, OrderStatus, allowed_targets


def allowed_moves(order: Order, *, actor: Actor) -> list[str]:
    return allowed_targets(order.status, by=actor.kind, method=order.payment_method)


def refuse_move(order: Order, *, to: str, actor: Actor) -> TransitionNotAllowed:
    """The refusal for an actor to whom this move is not open; the caller raises it."""
    return TransitionNotAllowed(
        f"An order that is {order.get_status_display().lower()} cannot become {OrderStatus(to).label.lower()} now.",
        order_status=order.status,
        allowed=allowed_moves(order, actor=actor),
    )


def refuse_unless_allowed(order: Order, *, to: OrderStatus, actor: Actor) -> None:
    if to not in allowed_moves(order, actor=actor):
        raise refuse_move(order, to=to, actor=actor)


def move(
    order: Order,
    *,
    to: OrderStatus,
    what: str,
    actor: Actor,
    reason: str = "",
    data: Mapping[str, JSON] | None = None,
) -> None:
    """Move a locked order and record it. Fields the caller has changed are saved with it.

    Raises TransitionNotAllowed, with nothing written, where the table does not let this actor make the move.
    """
    refuse_unless_allowed(order, to=to, actor=actor)
    source, order.status = order.status, to
    order.status_changed_at = timezone.now()
    order.expires_at = None
    if to in FINAL:
        order.ended_at = order.status_changed_at
    record(order, what=what, actor=actor, reason=reason, from_status=source, data=data)


def was_last_done_by(order: Order, *, what: str, actor: Actor) -> bool:
    """Whether this actor did just this before: repeating it on a bad connection is answered, not refused."""
    latest = order.timeline.filter(what=what).order_by("id").last()
    return latest is not None and (latest.actor_kind, latest.actor_id) == (actor.kind, actor.user_id)
