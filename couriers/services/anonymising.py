"""Forgetting who took an order at the door."""

from uuid import UUID

from api.transactions import transactional
from couriers.locks import lock_assignment, lock_couriers
from couriers.models import Assignment
from couriers.services.booking import save_changed
from orders.locks import lock_order


@transactional
def forget_recipients(order_id: UUID) -> None:
    """Remove what couriers wrote down about people. Done once per assignment, however often it is called.

    An order that failed has been in several hands, so all its couriers are locked before the first assignment.
    """
    lock_order(order_id)
    telling = list(Assignment.objects.filter(order_id=order_id).exclude(recipient="", note="").order_by("id"))
    lock_couriers(assignment.courier_id for assignment in telling)
    for told in telling:
        assignment = lock_assignment(told.id)
        assignment.recipient = assignment.note = ""
        save_changed(assignment)
