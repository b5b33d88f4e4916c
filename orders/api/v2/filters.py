"""Query parameters turned into a filtered queryset."""

from typing import Any

from django.db.models import QuerySet

from api.creation import created_within
from orders.models import Order

LOOKUPS = {
    "status": "status__in",
    "store": "store_id",
    "customer": "customer_id",
    "courier": "courier_id",
    "external_id": "external_id",
}


def filtered(orders: QuerySet[Order], filters: dict[str, Any]) -> QuerySet[Order]:
    return orders.filter(
        created_within(filters), **{LOOKUPS[name]: filters[name] for name in LOOKUPS if name in filters}
    )
