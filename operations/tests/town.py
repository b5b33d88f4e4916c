"""A town of two sides, for what must hold whatever a caller asks for: their own things, and somebody else's."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from accounts.models import User
from accounts.roles import Role
from couriers.tests.factories import make_accepted, make_courier, make_free_courier, make_offer, make_picked_up
from events.tests.webhooks import make_endpoint, make_webhook
from orders.states import PaymentMethod
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_ready_order,
    make_store,
    make_user,
)
from payments.tests.factories import make_captured_payment

PASSWORD: Final = "a customer's password"


@dataclass(frozen=True)
class World:
    """One side of the town: a store, its people, and a thing in every state."""

    users: dict[Role, User]
    things: dict[str, Any]
    fresh_order: str
    external_order: str

    @cached_property
    def ids(self) -> dict[str, str]:
        return {name: str(thing.id) for name, thing in self.things.items()}

    def version_of(self, name: str) -> int:
        """As it is now."""
        thing = self.things[name]
        version: int = type(thing).objects.values_list("version", flat=True).get(pk=thing.pk)
        return version


def build_side() -> World:
    store, spare_store = make_store(), make_store()
    users = {role: make_user(role) for role in (Role.ADMIN, Role.DISPATCHER)}
    users[Role.CUSTOMER] = make_user(password=PASSWORD)
    users |= {role: make_user(role, stores=(store, spare_store)) for role in (Role.STORE_STAFF, Role.INTEGRATOR)}
    courier = make_free_courier(stores=(store,), capacity=9)
    users[Role.COURIER] = courier.user
    product = make_product(store, stock=1_000_000)
    made: dict[str, Any] = {"customer": users[Role.CUSTOMER], "product": product}
    accepted = make_accepted(courier=courier, **made)
    endpoint = make_endpoint(owner=users[Role.INTEGRATOR])
    things: dict[str, Any] = {
        "user": make_user(),
        "customer": users[Role.CUSTOMER],
        "recruit": make_user(Role.COURIER),
        "store": store,
        "spare_store": spare_store,
        "product": product,
        "spare_product": make_product(store),
        "retired_product": make_product(store, is_active=False),
        "created": make_order(**made),
        "unpaid": make_order(**made),
        "paid": make_paid_order(**made),
        "confirmed": make_confirmed_order(**made),
        "ready": make_ready_order(**made),
        "carried": accepted.order,
        "assigned": make_accepted(courier=courier, **made).order,
        "payment": make_captured_payment(order=make_order(**made), payer=users[Role.CUSTOMER]),
        "courier": courier,
        "spare_courier": make_courier(stores=(store,)),
        "offered": make_offer(courier=courier, **made),
        "unwanted": make_offer(courier=courier, **made),
        "accepted": accepted,
        "held": make_accepted(courier=courier, **made),
        "carrying": make_picked_up(courier=courier, **made),
        "undeliverable": make_picked_up(courier=courier, **made),
        "endpoint": endpoint,
        "spare_endpoint": make_endpoint(owner=users[Role.INTEGRATOR]),
        "webhook": make_webhook(endpoint),
    }
    return World(
        users=users,
        things=things,
        fresh_order=str(make_order(**made).id),
        external_order=str(make_order(**made, payment_method=PaymentMethod.EXTERNAL).id),
    )
