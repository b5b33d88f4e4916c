"""Bodies that work here and now, for the forms of the browsable API."""

from collections.abc import Mapping

from accounts.models import User
from api.errors import JSON
from catalog.selectors import products_for


def order_example(user: User) -> Mapping[str, JSON] | None:
    """One piece of something in stock, brought to the door of the store that sells it."""
    sellable = products_for(user).filter(is_active=True, stock__gt=0, store__is_active=True)
    product = sellable.select_related("store").first()
    if product is None:
        return None
    store = product.store
    return {
        "items": [{"product_id": str(product.pk), "quantity": 1}],
        "dropoff": {"address": store.address, "latitude": store.latitude, "longitude": store.longitude},
        "contact": {"name": "Ada Lovelace", "phone": "+49301234567", "email": "ada@example.com"},
        "note": "",
    }
