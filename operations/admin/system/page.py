"""The dashboard's page, and the part of it that it asks for again and again.

Each number has one place: the state of the API (kept for five seconds), the event flow, the days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.admin_base.display import change_list_url
from accounts.admin_base.scoped import holds_scope
from api.remembering import remembered
from couriers.models import Assignment, Courier
from couriers.states import AssignmentStatus, Availability
from operations.admin.start.kinds import late_orders_url
from operations.admin.system.activity import latest_activity
from operations.admin.system.deliveries import deliveries_under_way
from operations.admin.system.history import Period, history, in_minutes
from operations.admin.system.lights import health_of
from operations.days import last_days
from operations.flow import event_flow
from operations.state import KEPT_SECONDS, current_state
from orders.models import Order
from orders.states import OrderStatus

READ: Final = ("state:read", "events:read", "orders:read", "couriers:read")
LIVE: Final = "live"


@dataclass(frozen=True, kw_only=True)
class Statistic:
    label: str
    number: str
    url: str = ""
    told: str = ""
    is_alarm: bool = False


def system_page(request: HttpRequest) -> HttpResponse:
    """With `part=live` only what changes."""
    if not all(holds_scope(request, scope) for scope in READ):
        raise PermissionDenied
    period = Period.WEEK if request.GET.get("period") == Period.WEEK else Period.TODAY
    figures = _figures(period)
    if request.GET.get("part") == LIVE:
        return TemplateResponse(request, "admin/system_live.html", figures)
    return TemplateResponse(
        request, "admin/system.html", {**admin.site.each_context(request), "title": "System", **figures}
    )


def _figures(period: Period) -> dict[str, Any]:
    state, now = current_state(), timezone.now()
    flow = remembered("operations.event-flow", seconds=KEPT_SECONDS, make=event_flow)
    at = datetime.fromisoformat(state["generated_at"])
    return {
        "at": at,
        "age_seconds": max((now - at).total_seconds(), 0),
        "statistics": list(_statistics(state, now=now)),
        "statuses": list(_statuses(state["orders_by_status"])),
        "total_orders": state["statistics"]["total_orders"],
        "health": health_of(state["health"], flow),
        "deliveries": deliveries_under_way(now=now),
        "active_deliveries": state["statistics"]["active_deliveries"],
        "activity": latest_activity(),
        "history": history(period, now=now),
    }


def _statuses(numbers: Mapping[str, int]) -> Iterator[Statistic]:
    for status in OrderStatus:
        number = numbers[status]
        yield Statistic(
            label=status.label,
            number=f"{number:,}",
            url=change_list_url(Order, status__exact=status.value),
            is_alarm=status == OrderStatus.FAILED and number > 0,
        )


def _statistics(state: Mapping[str, Any], *, now: datetime) -> Iterator[Statistic]:
    known = state["statistics"]
    (today,) = last_days(1, now=now)
    late = Order.objects.late_at(now).count()
    median = today.durations.median_minutes
    yield Statistic(label="Placed today", number=f"{today.placed:,}", url=change_list_url(Order))
    yield Statistic(
        label="Delivered today",
        number=f"{known['completed_today']:,}",
        url=change_list_url(Order, status__exact=OrderStatus.DELIVERED.value),
        told="" if median is None else f"half of them in {in_minutes(median)}",
    )
    yield Statistic(
        label="Active deliveries",
        number=f"{known['active_deliveries']:,}",
        url=change_list_url(Assignment, status__exact=AssignmentStatus.PICKED_UP.value),
        told="accepted or carried",
    )
    yield Statistic(
        label="Waiting for a courier",
        number=f"{known['waiting_for_courier']:,}",
        url=change_list_url(Order, status__exact=OrderStatus.CONFIRMED.value),
    )
    yield Statistic(label="Late", number=f"{late:,}", url=late_orders_url(), is_alarm=late > 0)
    yield _couriers(state["couriers"], online=known["online_couriers"])


def _couriers(couriers: list[Mapping[str, Any]], *, online: int) -> Statistic:
    free = sum(courier["status"] == Availability.AVAILABLE for courier in couriers)
    url = change_list_url(Courier, now=Availability.AVAILABLE.value)
    return Statistic(label="Couriers online", number=f"{online:,}", url=url, told=f"{free:,} with room for more")
