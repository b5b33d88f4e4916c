"""What of the catalog a user may see, and what of it they may change.

Everybody sees what is active. The rest is for those who run the store, and only they may change anything of it.
"""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from catalog.errors import ProductNotFound, StoreNotFound
from catalog.models import Membership, Product, Store


def stores_for(user: User) -> QuerySet[Store]:
    """With their opening hours, in a fixed number of queries."""
    return Store.objects.visible_to(user).prefetch_related("opening_hours").order_by("-pk")


def store_for(user: User, store_id: UUID) -> Store:
    """Raises StoreNotFound."""
    store = stores_for(user).filter(pk=store_id).first()
    if store is None:
        raise StoreNotFound
    return store


def stores_run_by(user: User) -> QuerySet[Store]:
    return Store.objects.run_by(user).prefetch_related("opening_hours").order_by("-pk")


def store_run_by(user: User, store_id: UUID) -> Store:
    """For changes. Raises StoreNotFound, for foreign stores too."""
    store = stores_run_by(user).filter(pk=store_id).first()
    if store is None:
        raise StoreNotFound
    return store


def matching_stores(
    stores: QuerySet[Store], *, is_active: bool | None = None, search: str | None = None
) -> QuerySet[Store]:
    if is_active is not None:
        stores = stores.filter(is_active=is_active)
    if search is not None:
        stores = stores.filter(Q(name__icontains=search) | Q(address__icontains=search))
    return stores


def products_for(user: User) -> QuerySet[Product]:
    return Product.objects.visible_to(user).order_by("-pk")


def product_for(user: User, product_id: UUID) -> Product:
    """Raises ProductNotFound."""
    product = products_for(user).filter(pk=product_id).first()
    if product is None:
        raise ProductNotFound
    return product


def product_run_by(user: User, product_id: UUID) -> Product:
    """For changes. Raises ProductNotFound, for products of foreign stores too."""
    product = Product.objects.run_by(user).filter(pk=product_id).first()
    if product is None:
        raise ProductNotFound
    return product


def matching_products(
    products: QuerySet[Product], *, store: UUID | None = None, is_active: bool | None = None, search: str | None = None
) -> QuerySet[Product]:
    if store is not None:
        products = products.filter(store_id=store)
    if is_active is not None:
        products = products.filter(is_active=is_active)
    if search is not None:
        products = products.filter(
            Q(name__icontains=search) | Q(sku__icontains=search) | Q(description__icontains=search)
        )
    return products


def memberships_of(store: Store) -> QuerySet[Membership]:
    return store.memberships.select_related("user").order_by("-pk")


def stores_of_accounts(user_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Which stores each of these accounts is a member of; those without any are left out."""
    stores: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for user_id, store_id in Membership.objects.filter(user__in=user_ids).values_list("user_id", "store_id"):
        stores[user_id].add(store_id)
    return {user_id: frozenset(store_ids) for user_id, store_ids in stores.items()}
