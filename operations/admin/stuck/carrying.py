"""Couriers who are kept by an order that is over."""

from django.db.models import QuerySet

from couriers.models import Assignment
from couriers.selectors import assignments_for
from couriers.states import ACTIVE
from operations.admin.stuck.cases import GRACE, Case, Desk, Kind
from orders.states import OrderStatus


class KeptCouriers(Kind):
    key, title = "kept-couriers", "Couriers of cancelled orders"
    meaning = "They count as busy with an order that is cancelled, and get no other in its place."
    oldest_first = "id"

    def rows(self, desk: Desk) -> QuerySet[Assignment]:
        cancelled = {"order__status": OrderStatus.CANCELLED, "order__ended_at__lte": desk.now - GRACE}
        return assignments_for(desk.user).filter(status__in=ACTIVE, **cancelled)

    def shown(self, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
        return rows.select_related("order__store", "courier")

    def case(self, row: Assignment, *, desk: Desk) -> Case:
        assert row.order.ended_at is not None
        return Case(
            order=row.order,
            since=row.order.ended_at,
            happened=f"Cancelled while {row.courier} had it.",
            by_itself="Released as soon as couriers hear of the cancellation; a dead letter says that they cannot.",
            buttons=desk.buttons(row, "release"),
        )
