"""Forgetting who took an order at the door."""

from uuid import UUID

from api.transactions import transactional
from couriers.locks import lock_carried
from couriers.models import Assignment
from couriers.services.booking import save_changed


@transactional
def forget_recipients(order_id: UUID) -> None:
    """Remove what couriers wrote down about people. Done once per assignment, however often it is called."""
    telling = Assignment.objects.filter(order_id=order_id).exclude(recipient="", note="")
    for assignment_id in telling.order_by("id").values_list("id", flat=True):
        assignment = lock_carried(assignment_id).assignment
        assignment.recipient = assignment.note = ""
        save_changed(assignment)
