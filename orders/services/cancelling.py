"""Ending an order early: goods back to the shelf, money back by event, the courier released by event."""

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from accounts.actors import Actor, ActorKind
from api.errors import JSON, PermissionRefused
from api.etags import check_version
from api.transactions import transactional
from catalog.services.stock import restock as return_to_stock
from orders.errors import RefundTooLarge
from orders.locks import lock_order
from orders.models import Order
from orders.services.moving import move, refuse_unless_allowed, was_last_done_by
from orders.services.recording import publish_fact
from orders.states import BEFORE_PICKUP, WITH_COURIER, OrderStatus

EXPIRED = "expired"


@transactional
def cancel_order(
    order_id: UUID,
    *,
    actor: Actor,
    reason: str,
    restock: bool | None = None,
    refund_amount: Decimal | None = None,
    expected_version: int | None = None,
) -> Order:
    """Raises TransitionNotAllowed, RefundTooLarge, PermissionRefused. Cancelling again what one has cancelled answers
    as the first time did."""
    order = lock_order(order_id)
    if order.status == OrderStatus.CANCELLED and was_last_done_by(order, what="cancelled", actor=actor):
        return order
    check_version(order.version, expected_version)
    return cancel_locked(order, actor=actor, reason=reason, restock=restock, refund_amount=refund_amount)


def cancel_locked(
    order: Order,
    *,
    actor: Actor,
    reason: str,
    restock: bool | None = None,
    refund_amount: Decimal | None = None,
    reason_code: str = "requested",
) -> Order:
    """Cancel an order whose lock the caller holds.

    `restock` None means: goods that have not left the store go back to stock. `refund_amount` None means all that was
    paid. `reason` may be a person's words and stays in the timeline; `reason_code` goes out with the event.
    """
    _refuse_unfit(order, actor=actor, restock=restock, refund_amount=refund_amount)
    goes_back = order.status in BEFORE_PICKUP if restock is None else restock
    carried_by = order.courier_id if order.status in WITH_COURIER else None
    returned = return_to_stock(order_id=order.id, actor=actor) if goes_back else {}
    move(
        order,
        to=OrderStatus.CANCELLED,
        what="cancelled",
        actor=actor,
        reason=reason,
        data={
            "reason": reason_code,
            "restock": goes_back,
            "refund_amount": None if refund_amount is None else str(refund_amount),
            "courier_id": None if carried_by is None else str(carried_by),
            "payment_method": order.payment_method,
            "expired": reason_code == EXPIRED,
        },
    )
    if reason_code == EXPIRED:
        publish_fact(order, what="expired")
    if returned:
        publish_fact(order, what="restocked", data={"items": _items(order, of=returned)})
    return order


def _items(order: Order, *, of: Collection[UUID]) -> JSON:
    lines = order.lines.filter(product_id__in=of).values_list("product_id", "quantity")
    return [{"product_id": str(product_id), "quantity": quantity} for product_id, quantity in lines]


def _refuse_unfit(order: Order, *, actor: Actor, restock: bool | None, refund_amount: Decimal | None) -> None:
    if actor.kind == ActorKind.CUSTOMER and (restock is not None or refund_amount is not None):
        raise PermissionRefused("Only the store decides about stock and the amount of the refund.")
    refuse_unless_allowed(order, to=OrderStatus.CANCELLED, actor=actor)
    if refund_amount is not None and refund_amount > order.total:
        raise RefundTooLarge(total=str(order.total), currency=order.currency)
