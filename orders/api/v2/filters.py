"""Query parameters turned into a filtered queryset."""

from typing import Any

from django.db.models import QuerySet

from orders.models import Order

LOOKUPS = {
    "status": "status__in",
    "created_after": "created_at__gt",
    "created_before": "created_at__lt",
    "store": "store_id",
    "customer": "customer_id",
    "courier": "courier_id",
    "external_id": "external_id",
}


def filtered(orders: QuerySet[Order], filters: dict[str, Any]) -> QuerySet[Order]:
    return orders.filter(**{LOOKUPS[name]: value for name, value in filters.items()})
