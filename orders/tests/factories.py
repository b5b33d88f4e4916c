"""Rows to tell an order's story with; the apps above use them too."""

from decimal import Decimal
from itertools import count
from typing import Any

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.transactions import transactional
from catalog.geography import Position
from catalog.models import Membership, Product, Store
from catalog.services.products import create_product
from orders.locks import lock_order
from orders.models import Order
from orders.services.confirming import confirm_order, mark_ready
from orders.services.paying import mark_paid
from orders.services.placing import place_order
from orders.services.requests import Contact, Dropoff, Item, NewOrder

NEARBY = Position(52.5205, 13.4100)
SYSTEM = Actor.system("test")
PROVIDER = Actor.provider("test")
_numbers = count(1)


def make_user(role: Role = Role.CUSTOMER, *, stores: tuple[Store, ...] = (), **fields: Any) -> User:
    user = User.objects.create_user(f"{role}{next(_numbers)}@example.com", role=role, **fields)
    Membership.objects.bulk_create(Membership(user=user, store=store) for store in stores)
    return user


def make_store(**fields: Any) -> Store:
    """Open around the clock, delivers anywhere for nothing."""
    place = {"address": "1 Market Square", "latitude": 52.52, "longitude": 13.405}
    return Store.objects.create(**{"name": f"Store {next(_numbers)}", **place, **fields})


def make_product(store: Store | None = None, *, stock: int = 100, price: str = "5.00", **fields: Any) -> Product:
    number = next(_numbers)
    return create_product(
        (store or make_store()).id,
        actor=SYSTEM,
        stock=stock,
        price=Decimal(price),
        **{"sku": f"SKU-{number}", "name": f"Product {number}", **fields},
    )


def wish(*products: Product, quantity: int = 1, customer: User | None = None, **fields: Any) -> NewOrder:
    """What a customer asks for: `quantity` of each product, brought nearby."""
    return NewOrder(
        items=tuple(Item(product_id=product.id, quantity=quantity) for product in products),
        customer_id=customer.id if customer else None,
        **{
            "dropoff": Dropoff(address="2 Side Street", position=NEARBY),
            "contact": Contact(name="Ada", phone="+49301234567", email="ada@example.com"),
            **fields,
        },
    )


def make_order(*, customer: User | None = None, product: Product | None = None, **fields: Any) -> Order:
    """An order as it is just after being placed."""
    customer = customer or make_user()
    return place_order(wish(product or make_product(), customer=customer, **fields), placed_by=customer)


def make_paid_order(**fields: Any) -> Order:
    return pay(make_order(**fields))


def make_confirmed_order(**fields: Any) -> Order:
    return confirm_order(make_paid_order(**fields).id, actor=Actor.of(make_user(Role.DISPATCHER)))


def make_ready_order(**fields: Any) -> Order:
    return mark_ready(make_confirmed_order(**fields).id, actor=Actor.of(make_user(Role.DISPATCHER)))


@transactional
def pay(order: Order) -> Order:
    return mark_paid(lock_order(order.id), actor=PROVIDER)
