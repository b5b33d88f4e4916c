"""Why deliveries came back from the door, for the orders that wait for somebody to decide."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from couriers.models import Assignment
from couriers.states import AssignmentStatus, FailureReason
from orders.models import Order
from orders.states import OrderStatus
from tracking.board.rows import FailedDelivery

_FIELDS: Final = ("order_id", "failure_reason", "ended_at", "courier__name")


def failures_of(orders: Iterable[Order]) -> Mapping[UUID, FailedDelivery]:
    """Of those that have failed, the last time: an order may be sent out again. One query, or none."""
    failed = [order.pk for order in orders if order.status == OrderStatus.FAILED]
    told = Assignment.objects.filter(order__in=failed, status=AssignmentStatus.FAILED).exclude(failure_reason="")
    latest_last = told.select_related("courier").only(*_FIELDS).order_by("ended_at", "pk")
    return {assignment.order_id: _failure(assignment) for assignment in latest_last}


def _failure(assignment: Assignment) -> FailedDelivery:
    assert assignment.ended_at is not None
    return FailedDelivery(
        reason=FailureReason(assignment.failure_reason),
        courier_name=assignment.courier.name,
        failed_at=assignment.ended_at,
    )
