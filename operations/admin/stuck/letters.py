"""Events of orders that a handler could not take: whatever was to follow from them has not."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.text import Truncator

from events.handlers import all_destinations
from events.models import DeliveryState, Event, EventDelivery
from operations.admin.stuck.cases import Case, Desk, Kind
from orders.models import Order

SUBJECTS: Final = ("order", "payment", "refund", "assignment")

CONSEQUENCES: Final[Mapping[str, str]] = {
    "payments.settle_cancelled_order": "The money of the cancelled order was not asked back",
    "payments.collect_cash": "The cash of the delivered order was not written down",
    "couriers.release_cancelled": "The courier of the cancelled order was not released",
}


class DeadLetters(Kind):
    key, title = "dead-letters", "Dead letters of orders"
    meaning = "Events that one part of the platform could not take, six times. Nothing else waits for them."
    scope = "events:read"
    oldest_first = "id"

    def rows(self, desk: Desk) -> QuerySet[EventDelivery]:
        """Those of handlers here. What an integrator's endpoint does not take holds up no order."""
        dead = EventDelivery.objects.filter(state=DeliveryState.DEAD, destination__in=all_destinations())
        return dead.filter(event__subject_type__in=SUBJECTS)

    def shown(self, rows: QuerySet[EventDelivery]) -> QuerySet[EventDelivery]:
        return rows.select_related("event")

    def cases(self, rows: Sequence[EventDelivery], *, desk: Desk) -> Sequence[Case]:
        ids = {order_id for row in rows if (order_id := _order_id(row.event))}
        orders = Order.objects.select_related("store").in_bulk(ids)
        return [self._case(row, orders.get(_order_id(row.event) or row.subject_id), desk=desk) for row in rows]

    @staticmethod
    def _case(row: EventDelivery, order: Order | None, *, desk: Desk) -> Case:
        consequence = CONSEQUENCES.get(row.destination, "What follows from it was not done")
        error = Truncator(row.last_error).chars(160)
        return Case(
            order=order,
            since=row.event.occurred_at,
            happened=f"{consequence}: {row.destination} failed at {row.event.type} with “{error}”",
            buttons=desk.buttons(row, "redrive"),
        )


def _order_id(event: Event) -> UUID | None:
    if event.subject_type == "order":
        return event.subject_id
    named: Any = event.data.get("order_id")
    return UUID(named) if named else None
