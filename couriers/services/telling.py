"""The events of an assignment."""

from api.errors import JSON
from couriers.models import Assignment
from events.envelopes import Subject
from events.publishing import publish
from orders.correlation import under_trace_of


def tell(assignment: Assignment, *, what: str, **data: JSON) -> None:
    """The caller holds the assignment's lock, or has just made it."""
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
