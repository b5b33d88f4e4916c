"""Letting an order go before it was picked up, and taking back what was offered."""

from uuid import UUID

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from couriers.locks import Carried, lock_carried, lock_offers
from couriers.models import Assignment
from couriers.services.booking import close_offer, refuse_unless_active, release
from couriers.states import AssignmentStatus, OfferEnd, ReleaseReason
from orders.locks import lock_order
from orders.services import carrying
from orders.states import OrderStatus


@transactional
def give_back(
    assignment_id: UUID, *, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Assignment:
    """The courier cannot fetch the order after all; it waits for another one. Repeating it changes nothing.

    `reason` may be a person's words: it stays in the order's timeline. Raises AssignmentNotFound, PreconditionFailed,
    TransitionNotAllowed.
    """
    carried = lock_carried(assignment_id)
    if _was_given_back(carried):
        return carried.assignment
    check_version(carried.assignment.version, expected_version)
    refuse_unless_active(carried)
    carrying.unassign(carried.order, actor=actor, reason=reason)
    release(carried.assignment, reason=ReleaseReason.GIVEN_BACK)
    return carried.assignment


def _was_given_back(carried: Carried) -> bool:
    """A cancelled order keeps naming its courier, one that was given back does not."""
    was_cancelled_under_way = (
        carried.order.status == OrderStatus.CANCELLED and carried.order.courier_id == carried.courier.id
    )
    return carried.assignment.status == AssignmentStatus.RELEASED and not was_cancelled_under_way


@transactional
def release_cancelled(order_id: UUID) -> None:
    """Free the courier of a cancelled order, and those who were asked. Does nothing when that has been done."""
    _withdraw_offers(order_id)
    active = Assignment.objects.active().filter(order_id=order_id).first()
    if active is None:
        return
    carried = lock_carried(active.id)
    if carried.order.status == OrderStatus.CANCELLED and carried.assignment.is_active:
        release(carried.assignment, reason=ReleaseReason.ORDER_CANCELLED)


def _withdraw_offers(order_id: UUID) -> None:
    if not Assignment.objects.offered().filter(order_id=order_id).exists():
        return
    order = lock_order(order_id)
    if order.status == OrderStatus.CANCELLED:
        for offer in lock_offers(order_id):
            close_offer(offer, order=order, reason=OfferEnd.ORDER_CANCELLED)
