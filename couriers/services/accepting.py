"""Couriers take on orders: from the open pool, or as they are offered to them."""

from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from couriers.constraints import refusing_double_booking
from couriers.errors import OfferNotOpen, OrderAlreadyAssigned, OrderNotOffered
from couriers.locks import lock_carried, lock_courier
from couriers.models import Assignment
from couriers.selectors import assignment_holding, is_with_another
from couriers.services.booking import take_on
from couriers.states import HELD
from orders.locks import lock_order
from orders.models import Order


@refusing_double_booking
@transactional
def accept_order(order_id: UUID, *, courier_id: UUID, actor: Actor, expected_version: int | None = None) -> Assignment:
    """A courier takes an order on. Accepting again what one holds, or has brought, answers as the first time did.

    Most losers of a race are told before they would queue for the order's lock; what decides is seen under it.

    `expected_version` is the order's. Raises OrderNotFound, CourierNotFound, PreconditionFailed, OrderAlreadyAssigned,
    OrderNotOffered, TransitionNotAllowed, CourierInactive, CourierAtCapacity.
    """
    if is_with_another(order_id, courier_id=courier_id):
        raise OrderAlreadyAssigned
    order = lock_order(order_id)
    held = assignment_holding(order)
    if held and held.courier_id == courier_id:
        return held
    check_version(order.version, expected_version)
    if held and held.is_active:
        raise OrderAlreadyAssigned
    _refuse_unless_open_to(courier_id, order=order)
    return take_on(order, courier=lock_courier(courier_id), actor=actor)


def _refuse_unless_open_to(courier_id: UUID, *, order: Order) -> None:
    if order.store.open_pool:
        return
    open_offers = Assignment.objects.open_at(timezone.now())
    if not open_offers.filter(order=order, courier_id=courier_id).exists():
        raise OrderNotOffered


@refusing_double_booking
@transactional
def accept_offer(assignment_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Assignment:
    """A courier takes on what was offered to them. Accepting it again answers as the first time did.

    A deadline counts by itself, whether or not the job has noticed. Raises AssignmentNotFound, PreconditionFailed,
    OrderAlreadyAssigned, OfferNotOpen, TransitionNotAllowed, CourierInactive, CourierAtCapacity.
    """
    carried = lock_carried(assignment_id)
    order, offer = carried.order, carried.assignment
    if offer.status in HELD:
        return offer
    check_version(offer.version, expected_version)
    if is_with_another(order.id, courier_id=offer.courier_id):
        raise OrderAlreadyAssigned
    if not offer.is_open_at(timezone.now()):
        raise OfferNotOpen(assignment_status=offer.status)
    return take_on(order, courier=carried.courier, actor=actor)
