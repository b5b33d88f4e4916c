"""What the courier does with an order: fetch it, and say when it could not be handed over."""

from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from couriers.locks import lock_carried
from couriers.models import Assignment
from couriers.services.booking import end, refuse_unless_active, save_changed
from couriers.states import AssignmentStatus, FailureReason
from orders.services import carrying


@transactional
def pick_up(assignment_id: UUID, *, actor: Actor, expected_version: int | None = None) -> Assignment:
    """The courier has the goods. Repeating it changes nothing.

    Raises AssignmentNotFound, PreconditionFailed, TransitionNotAllowed, and OrderNotReady for couriers who come early.
    """
    carried = lock_carried(assignment_id)
    assignment = carried.assignment
    if assignment.picked_up_at is not None:
        return assignment
    check_version(assignment.version, expected_version)
    refuse_unless_active(carried)
    carrying.pick_up(carried.order, actor=actor)
    assignment.status = AssignmentStatus.PICKED_UP
    assignment.picked_up_at = timezone.now()
    save_changed(assignment)
    return assignment


@transactional
def fail(
    assignment_id: UUID,
    *,
    actor: Actor,
    reason: FailureReason,
    note: str = "",
    expected_version: int | None = None,
) -> Assignment:
    """The order could not be handed over; staff decide what becomes of it. Repeating it changes nothing.

    `note` may be a person's words: it stays with the assignment. Raises AssignmentNotFound, PreconditionFailed,
    TransitionNotAllowed.
    """
    carried = lock_carried(assignment_id)
    assignment = carried.assignment
    if assignment.status == AssignmentStatus.FAILED:
        return assignment
    check_version(assignment.version, expected_version)
    refuse_unless_active(carried)
    carrying.fail(carried.order, actor=actor, reason=reason.value)
    assignment.failure_reason = reason
    assignment.note = note
    end(assignment, status=AssignmentStatus.FAILED)
    return assignment
