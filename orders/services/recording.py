"""The one way an order changes: version, row, timeline and outbox together."""

from collections.abc import Mapping

from accounts.actors import Actor
from api.errors import JSON
from api.inserting import insert
from api.log_context import bind_log
from api.request_ids import current_request_id
from events.envelopes import Subject
from events.publishing import publish
from orders.correlation import under_trace_of
from orders.models import Order, TimelineEntry


def record(
    order: Order,
    *,
    what: str,
    actor: Actor,
    reason: str = "",
    from_status: str | None = None,
    data: Mapping[str, JSON] | None = None,
) -> None:
    """Save a changed order under its next version, with the timeline entry and the event `order.<what>`.

    The caller holds the order's lock, or has just made it. `reason` may be a person's words and stays in the
    timeline; `data` goes out.
    """
    if what != "created":
        order.version += 1
    order.save()
    bind_log(order=order.id)
    insert(
        TimelineEntry(
            order=order,
            what=what,
            from_status=order.status if from_status is None else from_status,
            to_status=order.status,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            actor_label=actor.label,
            reason=reason[:300],
            order_version=order.version,
            request_id=current_request_id(),
        )
    )
    publish_fact(order, what=what, data=data)


def publish_fact(order: Order, *, what: str, data: Mapping[str, JSON] | None = None) -> None:
    """An event of the order without a change of its own. The caller holds the order's lock."""
    with under_trace_of(order):
        publish(
            f"order.{what}",
            subject=Subject("order", order.id, order.version),
            store_id=order.store_id,
            data={"number": order.number, "status": order.status, "store_id": str(order.store_id), **(data or {})},
        )
