"""The deliveries under way that were placed first, with who brings them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils.safestring import SafeString

from couriers.models import Assignment, Courier
from operations.admin.stuck.cases import age_of
from orders.admin import status_badge
from orders.models import Order
from tracking.eta import eta_seconds
from tracking.in_hand import Tours, tours_of
from tracking.selectors import journey_of

SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    order: Order
    courier: Courier
    badge: SafeString
    eta: datetime | None
    due: str
    is_late: bool
    seen: str


def deliveries_under_way(*, now: datetime) -> Sequence[UnderWay]:
    """Two queries, and one for the ways along the roads where there is an engine."""
    active = Assignment.objects.active().filter(order__courier_id=F("courier_id"))
    active = active.select_related("order__store", "courier").order_by("order__created_at", "pk")
    first = list(active[:SHOWN])
    tours = tours_of({assignment.courier_id for assignment in first}, now=now)
    return [_shown(assignment, now=now, tours=tours) for assignment in first]


def _shown(assignment: Assignment, *, now: datetime, tours: Tours) -> UnderWay:
    order, courier = assignment.order, assignment.courier
    seconds = eta_seconds(journey_of(order, assignment, now=now, tours=tours))
    is_late = order.due_at < now
    return UnderWay(
        order=order,
        courier=courier,
        badge=status_badge(order.status),
        eta=None if seconds is None else now + timedelta(seconds=seconds),
        due=f"{age_of(order.due_at, now=now)} late" if is_late else f"in {age_of(now, now=order.due_at)}",
        is_late=is_late,
        seen=f"{age_of(courier.position_recorded_at, now=now)} ago" if courier.position_recorded_at else "never",
    )
