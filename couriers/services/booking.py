"""Taking an order on and letting it go again: the only place that changes a courier's `active_orders`."""

from django.db.models import F
from django.utils import timezone

from accounts.actors import Actor, ActorKind
from couriers.errors import CourierAtCapacity, CourierInactive
from couriers.locks import Carried, lock_offers
from couriers.models import Assignment, Courier
from couriers.services.telling import tell
from couriers.states import AssignmentStatus, OfferEnd, ReleaseReason
from orders.errors import TransitionNotAllowed
from orders.models import Order
from orders.services import carrying
from orders.services.moving import refuse_unless_allowed
from orders.states import OrderStatus


def take_on(order: Order, *, courier: Courier, actor: Actor) -> Assignment:
    """Put the order into the courier's hands, by their offer if they have one. The caller holds the locks of both.

    What was offered to others is theirs no more. Raises TransitionNotAllowed, CourierInactive, CourierAtCapacity, with
    nothing written.
    """
    refuse_unless_allowed(order, to=OrderStatus.ASSIGNED, actor=actor)
    refuse_unless_free(courier)
    carrying.assign(order, courier_id=courier.id, actor=actor)
    Courier.objects.filter(pk=courier.pk).update(active_orders=F("active_orders") + 1)
    assignment = _booked(order, courier=courier, actor=actor)
    tell(assignment, what="accepted")
    return assignment


def _booked(order: Order, *, courier: Courier, actor: Actor) -> Assignment:
    offers = {offer.courier_id: offer for offer in lock_offers(order.id)}
    assignment = offers.pop(courier.id, None) or Assignment(order=order, courier=courier)
    for offer in offers.values():
        close_offer(offer, order=order, reason=OfferEnd.TAKEN)
    if assignment.status == AssignmentStatus.OFFERED:
        assignment.order, assignment.version = order, assignment.version + 1
    assignment.status = AssignmentStatus.ACCEPTED
    assignment.accepted_at = timezone.now()
    assignment.assigned_by_id = None if actor.kind == ActorKind.COURIER else actor.user_id
    assignment.save()
    return assignment


def close_offer(offer: Assignment, *, order: Order, reason: OfferEnd) -> None:
    """Nobody has answered it, and nobody can any more. The caller holds the locks of order and offer."""
    offer.order = order
    offer.status, offer.expiry_reason = AssignmentStatus.EXPIRED, reason
    offer.ended_at = timezone.now()
    save_changed(offer)
    tell(offer, what="expired", reason=reason.value)


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
    tell(assignment, what="released", reason=reason.value)


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
