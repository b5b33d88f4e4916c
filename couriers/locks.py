"""The row locks of this app, taken after the order's: order → payment → courier → assignment → product rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from couriers.errors import AssignmentNotFound, CourierNotFound
from couriers.models import Assignment, Courier
from orders.locks import lock_order
from orders.models import Order


@dataclass(frozen=True)
class Carried:
    """An assignment with its order and courier, all three locked and as they are now."""

    order: Order
    courier: Courier
    assignment: Assignment


def lock_courier(courier_id: UUID) -> Courier:
    """Raises CourierNotFound."""
    courier = Courier.objects.select_for_update(of=("self",), no_key=True).filter(pk=courier_id).first()
    if courier is None:
        raise CourierNotFound
    return courier


def lock_couriers(courier_ids: Iterable[UUID]) -> dict[UUID, Courier]:
    """By id, so that two dispatchers who swap the same couriers cannot wait for each other. Raises CourierNotFound."""
    wanted = set(courier_ids)
    locked = Courier.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
    couriers = {courier.pk: courier for courier in locked}
    if len(couriers) < len(wanted):
        raise CourierNotFound
    return couriers


def lock_assignment(assignment_id: UUID) -> Assignment:
    """The caller holds the locks of its order and its courier. Raises AssignmentNotFound."""
    assignment = Assignment.objects.select_for_update(of=("self",), no_key=True).filter(pk=assignment_id).first()
    if assignment is None:
        raise AssignmentNotFound
    return assignment


def lock_offers(order_id: UUID) -> list[Assignment]:
    """The offers of an order that nobody has answered. The caller holds the order's lock."""
    offers = Assignment.objects.select_for_update(of=("self",), no_key=True).offered()
    return list(offers.filter(order_id=order_id).order_by("id"))


def lock_carried(assignment_id: UUID) -> Carried:
    """An assignment never changes its order or courier, so they may be read before anything is locked.

    Raises AssignmentNotFound.
    """
    named = Assignment.objects.filter(pk=assignment_id).values_list("order_id", "courier_id").first()
    if named is None:
        raise AssignmentNotFound
    order_id, courier_id = named
    order, courier = lock_order(order_id), lock_courier(courier_id)
    assignment = lock_assignment(assignment_id)
    assignment.order, assignment.courier = order, courier
    return Carried(order, courier, assignment)
