from uuid import UUID

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from couriers.constraints import refusing_double_booking
from couriers.errors import OrderAlreadyAssigned
from couriers.locks import lock_courier
from couriers.models import Assignment
from couriers.selectors import assignment_holding, is_with_another
from couriers.services.booking import take_on
from orders.locks import lock_order


@refusing_double_booking
@transactional
def accept_order(order_id: UUID, *, courier_id: UUID, actor: Actor, expected_version: int | None = None) -> Assignment:
    """A courier takes an order on. Accepting again what one holds, or has brought, answers as the first time did.

    Most losers of a race are told before they would queue for the order's lock; what decides is seen under it.

    `expected_version` is the order's. Raises OrderNotFound, CourierNotFound, PreconditionFailed, OrderAlreadyAssigned,
    TransitionNotAllowed, CourierInactive, CourierAtCapacity.
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
    return take_on(order, courier=lock_courier(courier_id), actor=actor)
