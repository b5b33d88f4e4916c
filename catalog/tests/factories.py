"""Stores and goods to tell a story with."""

from decimal import Decimal
from itertools import count
from typing import Any

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from catalog.models import Membership, Product, StockEntry, Store
from catalog.services.products import create_product

SYSTEM = Actor.system("test")
_numbers = count(1)


def make_store(*members: User, **fields: Any) -> Store:
    """In the middle of Berlin, open around the clock, delivers anywhere for nothing."""
    place = {"address": "1 Market Square", "latitude": 52.52, "longitude": 13.405, "time_zone": "Europe/Berlin"}
    store = Store.objects.create(**{"name": f"Store {next(_numbers)}", **place, **fields})
    Membership.objects.bulk_create(Membership(user=member, store=store) for member in members)
    return store


def make_staff(*stores: Store, role: Role = Role.STORE_STAFF) -> User:
    user = make_user(role)
    Membership.objects.bulk_create(Membership(user=user, store=store) for store in stores)
    return user


def make_product(store: Store | None = None, *, stock: int = 0, price: str = "5.00", **fields: Any) -> Product:
    number = next(_numbers)
    return create_product(
        (store or make_store()).id,
        **{
            "sku": f"SKU-{number}",
            "name": f"Product {number}",
            "price": Decimal(price),
            "stock": stock,
            "actor": SYSTEM,
            **fields,
        },
    )


def stock_of(product: Product) -> int:
    return Product.objects.values_list("stock", flat=True).get(pk=product.pk)


def ledger_of(product: Product) -> list[tuple[int, str]]:
    """Oldest first."""
    return list(StockEntry.objects.filter(product=product).order_by("id").values_list("delta", "reason"))
