"""A town of two sides, for what must hold whatever a caller asks for: their own things, and somebody else's."""

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.roles import Role
from couriers.tests.factories import make_accepted, make_free_courier, make_offer, make_picked_up
from events.tests.webhooks import make_endpoint, make_webhook
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_paid_order, make_product, make_ready_order, make_store, make_user
from payments.tests.factories import make_captured_payment


@dataclass(frozen=True)
class World:
    """One side of the town: a store, its people, and a thing in every state."""

    users: dict[Role, User]
    ids: dict[str, str]
    versions: dict[str, int]
    fresh_order: str
    external_order: str


def build_side() -> World:
    store = make_store()
    users = {role: make_user(role) for role in (Role.ADMIN, Role.DISPATCHER, Role.CUSTOMER)}
    users |= {role: make_user(role, stores=(store,)) for role in (Role.STORE_STAFF, Role.INTEGRATOR)}
    courier = make_free_courier(stores=(store,), capacity=9)
    users[Role.COURIER] = courier.user
    product, retired = make_product(store), make_product(store, is_active=False)
    made: dict[str, Any] = {"customer": users[Role.CUSTOMER], "product": product}
    accepted, carrying = make_accepted(courier=courier, **made), make_picked_up(courier=courier, **made)
    things: dict[str, Any] = {
        "user": users[Role.CUSTOMER],
        "store": store,
        "product": product,
        "retired_product": retired,
        "created": make_order(**made),
        "paid": make_paid_order(**made),
        "ready": make_ready_order(**made),
        "carried": accepted.order,
        "payment": make_captured_payment(order=make_order(**made), payer=users[Role.CUSTOMER]),
        "courier": courier,
        "accepted": accepted,
        "offered": make_offer(courier=courier, **made),
        "carrying": carrying,
    }
    things["endpoint"] = make_endpoint(owner=users[Role.INTEGRATOR])
    things["webhook"] = make_webhook(things["endpoint"])
    for thing in things.values():
        thing.refresh_from_db()
    return World(
        users=users,
        ids={name: str(thing.id) for name, thing in things.items()},
        versions={name: thing.version for name, thing in things.items() if hasattr(thing, "version")},
        fresh_order=str(make_order(**made).id),
        external_order=str(make_order(**made, payment_method=PaymentMethod.EXTERNAL).id),
    )
