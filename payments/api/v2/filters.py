"""Query parameters turned into a filtered queryset."""

from typing import Any

from api.creation import created_within
from payments.models import PaymentQuerySet

LOOKUPS = {
    "order": "order_id",
    "status": "status__in",
    "store": "order__store_id",
}


def filtered(payments: PaymentQuerySet, filters: dict[str, Any]) -> PaymentQuerySet:
    return payments.filter(
        created_within(filters), **{LOOKUPS[name]: filters[name] for name in LOOKUPS if name in filters}
    )
