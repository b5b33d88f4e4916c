"""Steps that many scenarios begin with, taken through the API."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from operations.tests.contract.site import DEMO_PASSWORD, Json, Person, Site, eventually

DOOR: Final = {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40}
ADA: Final = {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"}
CENTRE: Final = {"address": "1 Market Square", "latitude": 52.521, "longitude": 13.41}


@dataclass(frozen=True)
class Shop:
    """A store that nobody else orders from, and the one thing it sells; its staff is whoever has opened it."""

    store_id: str
    product_id: str
    staff: Person

    @property
    def stock(self) -> int:
        found: int = self.staff.read(f"products/{self.product_id}")["stock"]
        return found


def new_user(admin: Person, role: str, **details: Any) -> Json:
    account = {"email": f"{role}-{uuid4().hex[:12]}@example.com", "password": DEMO_PASSWORD, "role": role}
    return admin.do("users", {**account, **details})


def newcomer(admin: Person, role: str, **details: Any) -> Person:
    return admin.site.sign_in(new_user(admin, role, **details)["email"])


def open_shop(admin: Person, *, stock: int = 10, price: str = "12.50", **store: Any) -> Shop:
    """Around the clock and delivering everywhere for nothing, unless `store` says otherwise."""
    opened = admin.do("stores", {"name": "Corner shop", **CENTRE, **store})
    goods = {"store_id": opened["id"], "sku": "TEA", "name": "Tea", "price": price, "currency": "EUR", "stock": stock}
    product = admin.do("products", goods)
    return Shop(opened["id"], product["id"], staff=admin)


def new_courier(dispatcher: Person, admin: Person, **profile: Any) -> Person:
    user = new_user(admin, "courier")
    dispatcher.do("couriers", {"user_id": user["id"], "name": "Kim", "vehicle": "bicycle", "capacity": 1, **profile})
    return admin.site.sign_in(user["email"])


def basket(shop: Shop, *, quantity: int = 1, **fields: Any) -> Json:
    items = [{"product_id": shop.product_id, "quantity": quantity}]
    return {"items": items, "dropoff": DOOR, "contact": ADA, **fields}


def placed(customer: Person, shop: Shop, *, quantity: int = 1, **fields: Any) -> Json:
    return customer.do("orders", basket(shop, quantity=quantity, **fields))


def confirmed(customer: Person, shop: Shop, **fields: Any) -> Json:
    """To be paid at the door, so that nobody has to be waited for."""
    order = placed(customer, shop, payment_method="cash", **fields)
    return shop.staff.do(f"orders/{order['id']}/confirm")


def ready(customer: Person, shop: Shop, **fields: Any) -> Json:
    return shop.staff.do(f"orders/{confirmed(customer, shop, **fields)['id']}/ready")


def fetched(courier: Person, order: Json) -> Json:
    """The assignment of a courier who has the goods."""
    assignment = courier.do(f"orders/{order['id']}/accept")
    return courier.do(f"assignments/{assignment['id']}/pick-up")


def pay(payer: Person, order: Json, token: str = "tok_success") -> Json:
    return payer.do("payments", {"order_id": order["id"], "token": token})


def paid(customer: Person, shop: Shop, **fields: Any) -> tuple[Json, Json]:
    """An order, and the payment that has gone through."""
    order = placed(customer, shop, **fields)
    payment = pay(customer, order)
    return once_it_is("paid", order, customer), customer.read(f"payments/{payment['id']}")


def once_it_is(status: str, order: Json, person: Person) -> Json:
    return eventually(lambda: person.read(f"orders/{order['id']}"), lambda found: found["status"] == status)


def refunds_of(payment: Json, person: Person, *, count: int) -> list[Json]:
    """Once so many have gone through."""
    return eventually(
        lambda: person.results(f"payments/{payment['id']}/refunds", limit=100),
        lambda found: [refund["status"] for refund in found] == ["succeeded"] * count,
    )


def demo_person(site: Site, name: str) -> Person:
    return site.sign_in(f"{name}@example.com")
