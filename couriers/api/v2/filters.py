"""Query parameters turned into filtered querysets. A list parameter given without a value asks for nothing."""

from typing import Any

from django.db.models import QuerySet

from couriers.models import Assignment, CourierQuerySet

ASSIGNMENT_LOOKUPS = {
    "status": "status__in",
    "courier": "courier_id",
    "order": "order_id",
    "created_after": "created_at__gt",
    "created_before": "created_at__lt",
}
COURIER_LOOKUPS = {"vehicle": "vehicle__in", "is_active": "is_active", "search": "name__icontains"}


def filtered_assignments(assignments: QuerySet[Assignment], filters: dict[str, Any]) -> QuerySet[Assignment]:
    return assignments.filter(**_lookups(filters, ASSIGNMENT_LOOKUPS))


def filtered_couriers(couriers: CourierQuerySet, filters: dict[str, Any]) -> CourierQuerySet:
    availabilities = filters.pop("status", None)
    if availabilities:
        couriers = couriers.who_are(*availabilities)
    return couriers.filter(**_lookups(filters, COURIER_LOOKUPS))


def _lookups(filters: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in filters.items() if value != set()}
