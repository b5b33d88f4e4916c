"""Couriers and what they carry, to tell stories with."""

from datetime import timedelta
from typing import Any

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import Store
from couriers.models import Assignment, Courier
from couriers.services.accepting import accept_order
from couriers.services.carrying import pick_up
from couriers.services.offering import offer_order
from couriers.states import CourierStatus
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_ready_order, make_user


def make_courier(*, stores: tuple[Store, ...] = (), **fields: Any) -> Courier:
    user = make_user(Role.COURIER, stores=stores)
    return Courier.objects.create(user=user, **{"name": "Kim", "phone": "+49307654321", **fields})


def make_free_courier(**fields: Any) -> Courier:
    """One who could be asked."""
    return make_courier(**{"status": CourierStatus.AVAILABLE, **fields})


def actor_of(courier: Courier) -> Actor:
    return Actor.of(courier.user)


def accept(order: Order, *, courier: Courier) -> Assignment:
    return accept_order(order.id, courier_id=courier.id, actor=actor_of(courier))


def offer(order: Order, *couriers: Courier, seconds: float = 3600) -> list[Assignment]:
    ids = [courier.id for courier in couriers]
    return offer_order(order.id, courier_ids=ids, actor=Actor.of(staff()), expires_in=timedelta(seconds=seconds))


def make_offer(*, courier: Courier | None = None, **order: Any) -> Assignment:
    """An order that somebody has been asked to carry."""
    return offer(make_confirmed_order(**order), courier or make_free_courier())[0]


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
