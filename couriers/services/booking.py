"""Taking an order on and letting it go again: the only place that changes a courier's `active_orders`."""

from django.db.models import F
from django.utils import timezone

from accounts.actors import Actor, ActorKind
from api.errors import JSON
from couriers.errors import CourierAtCapacity, CourierInactive
from couriers.locks import Carried
from couriers.models import Assignment, Courier
from couriers.states import AssignmentStatus, ReleaseReason
from events.envelopes import Subject
from events.publishing import publish
from orders.correlation import under_trace_of
from orders.errors import TransitionNotAllowed
from orders.models import Order
from orders.services import carrying
from orders.services.moving import refuse_unless_allowed
from orders.states import OrderStatus


def take_on(order: Order, *, courier: Courier, actor: Actor) -> Assignment:
    """Put the order into the courier's hands. The caller holds the locks of both.

    Raises TransitionNotAllowed, CourierInactive, CourierAtCapacity, with nothing written.
    """
    refuse_unless_allowed(order, to=OrderStatus.ASSIGNED, actor=actor)
    refuse_unless_free(courier)
    carrying.assign(order, courier_id=courier.id, actor=actor)
    Courier.objects.filter(pk=courier.pk).update(active_orders=F("active_orders") + 1)
    assignment = Assignment.objects.create(
        order=order,
        courier=courier,
        status=AssignmentStatus.ACCEPTED,
        accepted_at=timezone.now(),
        assigned_by_id=None if actor.kind == ActorKind.COURIER else actor.user_id,
    )
    _publish(assignment, what="accepted")
    return assignment


def refuse_unless_free(courier: Courier) -> None:
    """Whether they are online does not matter: who accepts is at work, and whom staff choose was asked."""
    if not courier.is_active:
        raise CourierInactive
    if courier.is_full:
        raise CourierAtCapacity(capacity=courier.capacity, active_orders=courier.active_orders)


def end(assignment: Assignment, *, status: AssignmentStatus) -> None:
    """Save an active assignment in its final state, and free the courier for another order.

    The caller holds the locks of order, courier and assignment and has seen that the assignment is active: that is
    what makes it happen once.
    """
    assignment.status = status
    assignment.ended_at = timezone.now()
    save_changed(assignment)
    Courier.objects.filter(pk=assignment.courier_id).update(active_orders=F("active_orders") - 1)


def release(assignment: Assignment, *, reason: ReleaseReason) -> None:
    """End an active assignment before pickup. What becomes of the order is the caller's matter, and so are locks."""
    end(assignment, status=AssignmentStatus.RELEASED)
    _publish(assignment, what="released", reason=reason.value)


def save_changed(assignment: Assignment) -> None:
    assignment.version += 1
    assignment.save()


def refuse_unless_active(carried: Carried) -> None:
    """Nothing can be done through an assignment that is over, whatever has become of its order."""
    if not carried.assignment.is_active:
        raise TransitionNotAllowed(
            f"This assignment is {carried.assignment.get_status_display().lower()}.",
            order_status=carried.order.status,
            assignment_status=carried.assignment.status,
            allowed=[],
        )


def _publish(assignment: Assignment, *, what: str, **data: JSON) -> None:
    with under_trace_of(assignment.order):
        publish(
            f"assignment.{what}",
            subject=Subject("assignment", assignment.id, assignment.version),
            store_id=assignment.order.store_id,
            data={
                "order_id": str(assignment.order_id),
                "courier_id": str(assignment.courier_id),
                "status": assignment.status,
                **data,
            },
        )
