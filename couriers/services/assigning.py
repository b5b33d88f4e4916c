"""Staff decide who carries an order."""

from uuid import UUID

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.etags import check_version
from api.transactions import transactional
from couriers.constraints import refusing_double_booking
from couriers.errors import CourierInactive, CourierNotOfStore
from couriers.locks import lock_assignment, lock_courier, lock_couriers
from couriers.models import Assignment, Courier
from couriers.selectors import active_assignment, latest_assignment, rides_for
from couriers.services.booking import refuse_unless_free, release, take_on
from couriers.states import AssignmentStatus, ReleaseReason
from orders.locks import lock_order
from orders.models import Order
from orders.services import carrying
from orders.services.moving import allowed_moves, refuse_move, refuse_unless_allowed
from orders.states import OrderStatus


@refusing_double_booking
@transactional
def assign_order(order_id: UUID, *, courier_id: UUID, actor: Actor, expected_version: int | None = None) -> Assignment:
    """Give an order to a courier; one that another courier has not picked up yet changes hands.

    Assigning it to whom has it changes nothing. `expected_version` is the order's. Raises OrderNotFound,
    CourierNotFound, PreconditionFailed, CourierNotOfStore, TransitionNotAllowed, CourierInactive, CourierAtCapacity.
    """
    order = lock_order(order_id)
    active = active_assignment(order)
    if active and active.courier_id == courier_id:
        return active
    check_version(order.version, expected_version)
    refuse_unless_free_to_go(order, active, actor=actor)
    courier = lock_couriers([courier_id, *([active.courier_id] if active else [])])[courier_id]
    refuse_unless_free(courier)
    refuse_unfit(courier, store_id=order.store_id)
    return give(order, courier=courier, active=active, actor=actor)


def give(order: Order, *, courier: Courier, active: Assignment | None, actor: Actor) -> Assignment:
    """Put an order into the hands of a courier who has room for it, out of those that hold it now.

    The caller holds the locks of the order and both couriers, and has seen that nothing is in the way.
    """
    if active:
        carrying.unassign(order, actor=actor, reason=ReleaseReason.REASSIGNED.label)
        _release(active, order=order, reason=ReleaseReason.REASSIGNED)
    return take_on(order, courier=courier, actor=actor)


def refuse_unless_free_to_go(order: Order, active: Assignment | None, *, actor: Actor) -> None:
    """An order changes hands only by going back first."""
    needed = OrderStatus.CONFIRMED if active else OrderStatus.ASSIGNED
    if needed not in allowed_moves(order, actor=actor):
        raise refuse_move(order, to=OrderStatus.ASSIGNED, actor=actor)


def refuse_unfit(courier: Courier, *, store_id: UUID) -> None:
    """Raises CourierInactive, CourierNotOfStore."""
    _refuse_without_account(courier)
    if not rides_for(courier, store_id=store_id):
        raise CourierNotOfStore


def _refuse_without_account(courier: Courier) -> None:
    """Who accepts has just signed in; whom staff choose may have lost the account, or the role, to do anything."""
    if not User.objects.filter(pk=courier.id, is_active=True, role=Role.COURIER).exists():
        raise CourierInactive("The account of this courier is inactive, or no courier's any more.")


@transactional
def unassign_order(
    order_id: UUID, *, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Assignment:
    """Take an order back from its courier before pickup; it waits for another one.

    Repeating it answers with the assignment that was released. `expected_version` is the order's. Raises
    OrderNotFound, PreconditionFailed, TransitionNotAllowed.
    """
    order = lock_order(order_id)
    latest = latest_assignment(order)
    if latest and latest.status == AssignmentStatus.RELEASED and order.status == OrderStatus.CONFIRMED:
        return latest
    check_version(order.version, expected_version)
    if latest is None or not latest.is_active:
        raise refuse_move(order, to=OrderStatus.CONFIRMED, actor=actor)
    refuse_unless_allowed(order, to=OrderStatus.CONFIRMED, actor=actor)
    lock_courier(latest.courier_id)
    return take_back(order, active=latest, actor=actor, reason=reason)


def take_back(order: Order, *, active: Assignment, actor: Actor, reason: str = "") -> Assignment:
    """The caller holds the locks of the order and its courier. Raises TransitionNotAllowed, with nothing written."""
    carrying.unassign(order, actor=actor, reason=reason)
    return _release(active, order=order, reason=ReleaseReason.UNASSIGNED)


def _release(active: Assignment, *, order: Order, reason: ReleaseReason) -> Assignment:
    """The caller holds the locks of the order, which has moved already, and of the courier."""
    assignment = lock_assignment(active.id)
    assignment.order = order
    release(assignment, reason=reason)
    return assignment
