"""Couriers and what they carry, to tell stories with."""

from typing import Any

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import Store
from couriers.models import Assignment, Courier
from couriers.services.accepting import accept_order
from couriers.services.carrying import pick_up
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_ready_order, make_user


def make_courier(*, stores: tuple[Store, ...] = (), **fields: Any) -> Courier:
    user = make_user(Role.COURIER, stores=stores)
    return Courier.objects.create(user=user, **{"name": "Kim", "phone": "+49307654321", **fields})


def actor_of(courier: Courier) -> Actor:
    return Actor.of(courier.user)


def accept(order: Order, *, courier: Courier) -> Assignment:
    return accept_order(order.id, courier_id=courier.id, actor=actor_of(courier))


def make_accepted(*, courier: Courier | None = None, **order: Any) -> Assignment:
    """An order that waits at the counter for its courier."""
    return accept(make_ready_order(**order), courier=courier or make_courier())


def make_unready(*, courier: Courier | None = None, **order: Any) -> Assignment:
    """An order whose courier is quicker than the kitchen."""
    return accept(make_confirmed_order(**order), courier=courier or make_courier())


def make_picked_up(*, courier: Courier | None = None, **order: Any) -> Assignment:
    assignment = make_accepted(courier=courier, **order)
    return pick_up(assignment.id, actor=actor_of(assignment.courier))


def staff(role: Role = Role.DISPATCHER) -> User:
    return make_user(role)
