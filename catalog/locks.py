"""The only row locks of this app. Products come last in the order of locks, and among each other by primary key."""

from collections.abc import Iterable
from uuid import UUID

from catalog.errors import ProductNotFound, StoreNotFound
from catalog.models import Product, Store


def lock_store(store_id: UUID) -> Store:
    """The store as committed, held until the end of the caller's transaction. Raises StoreNotFound."""
    store = Store.objects.select_for_update(of=("self",), no_key=True).filter(pk=store_id).first()
    if store is None:
        raise StoreNotFound
    return store


def lock_products(product_ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Those of the products that exist, as committed, held until the end of the caller's transaction.

    One fixed order for everybody, so that baskets with the same products wait for each other instead of deadlocking.
    """
    rows = Product.objects.filter(pk__in=set(product_ids)).order_by("pk")
    return {product.pk: product for product in rows.select_for_update(of=("self",), no_key=True)}


def lock_product(product_id: UUID) -> Product:
    """Raises ProductNotFound."""
    product = lock_products([product_id]).get(product_id)
    if product is None:
        raise ProductNotFound
    return product
