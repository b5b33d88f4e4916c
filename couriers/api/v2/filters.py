"""Query parameters turned into filtered querysets."""

from typing import Any

from django.db.models import QuerySet

from api.creation import created_within
from couriers.models import Assignment, CourierQuerySet

ASSIGNMENT_LOOKUPS = {
    "status": "status__in",
    "courier": "courier_id",
    "order": "order_id",
}
COURIER_LOOKUPS = {"vehicle": "vehicle__in", "is_active": "is_active", "search": "name__icontains"}


def filtered_assignments(assignments: QuerySet[Assignment], filters: dict[str, Any]) -> QuerySet[Assignment]:
    lookups = {ASSIGNMENT_LOOKUPS[name]: filters[name] for name in ASSIGNMENT_LOOKUPS if name in filters}
    return assignments.filter(created_within(filters), **lookups)


def filtered_couriers(couriers: CourierQuerySet, filters: dict[str, Any]) -> CourierQuerySet:
    """Status is no column: it is made of what couriers say and what they carry."""
    availabilities = filters.get("status")
    if availabilities:
        couriers = couriers.who_are(*availabilities)
    return couriers.filter(**{COURIER_LOOKUPS[name]: filters[name] for name in COURIER_LOOKUPS if name in filters})
