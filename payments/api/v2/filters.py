"""Query parameters turned into a filtered queryset."""

from typing import Any

from payments.models import PaymentQuerySet

LOOKUPS = {
    "order": "order_id",
    "status": "status__in",
    "store": "order__store_id",
    "created_after": "created_at__gt",
    "created_before": "created_at__lt",
}


def filtered(payments: PaymentQuerySet, filters: dict[str, Any]) -> PaymentQuerySet:
    return payments.filter(**{LOOKUPS[name]: value for name, value in filters.items()})
