"""A busy evening, written at once: so many orders on their way, each with its courier and the customer's link.

Bare rows: how they came about is not what is measured.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, islice
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.roles import Role
from benchmarks.live.told import Evening, Ride
from catalog.models import Product, Store
from couriers.models import Assignment, Courier
from couriers.states import AssignmentStatus, CourierStatus
from orders.models import Order, OrderLine
from orders.states import OrderStatus

PRICE: Final = Decimal("12.50")
AT_ONCE: Final = 1000


def write_an_evening(*, orders: int, couriers: int) -> None:
    """To standard output, for a process that knows nothing of Django."""
    with transaction.atomic():
        riders = _people("rider", number=couriers, role=Role.COURIER)
        _make_couriers(riders, orders=orders)
        carried = _make_orders(riders, number=orders)
    sys.stdout.write(_told(riders, carried).as_json())


def _people(name: str, *, number: int, role: Role) -> list[User]:
    """Without a password: nobody signs in as one of them."""
    people = [User(email=f"{name}{index}@example.com", role=role) for index in range(number)]
    return User.objects.bulk_create(people, batch_size=AT_ONCE)


def _make_couriers(riders: Sequence[User], *, orders: int) -> None:
    now = timezone.now()
    Courier.objects.bulk_create(
        [
            Courier(
                user=rider,
                name=f"Rider {index}",
                capacity=-(-orders // len(riders)),
                active_orders=len(range(index, orders, len(riders))),
                status=CourierStatus.AVAILABLE,
                latitude=52.52,
                longitude=13.405,
                position_recorded_at=now,
            )
            for index, rider in enumerate(riders)
        ],
        batch_size=AT_ONCE,
    )


def _make_orders(riders: Sequence[User], *, number: int) -> list[Order]:
    guests = _people("guest", number=100, role=Role.CUSTOMER)
    products = list(Product.objects.select_related("store"))
    turns = islice(zip(cycle(riders), cycle(products), cycle(guests), strict=False), number)
    carried = [(_order(product.store, rider=rider, guest=guest), product) for rider, product, guest in turns]
    orders = Order.objects.bulk_create([order for order, _ in carried], batch_size=AT_ONCE)
    OrderLine.objects.bulk_create([_line(order, product) for order, product in carried], batch_size=AT_ONCE)
    Assignment.objects.bulk_create([_assignment(order) for order in orders], batch_size=AT_ONCE)
    return orders


def _order(store: Store, *, rider: User, guest: User) -> Order:
    now = timezone.now()
    return Order(
        store=store,
        customer=guest,
        placed_by=guest,
        courier_id=rider.pk,
        status=OrderStatus.PICKED_UP,
        status_changed_at=now,
        ready_at=now,
        currency=store.currency,
        items_total=PRICE,
        total=PRICE,
        dropoff_address="2 Side Street",
        dropoff_latitude=store.latitude + 0.01,
        dropoff_longitude=store.longitude + 0.01,
        contact_name="Ada",
    )


def _line(order: Order, product: Product) -> OrderLine:
    return OrderLine(order=order, product=product, name=product.name, unit_price=PRICE, quantity=1, line_total=PRICE)


def _assignment(order: Order) -> Assignment:
    now = timezone.now()
    return Assignment(
        order=order,
        courier_id=order.courier_id,
        status=AssignmentStatus.PICKED_UP,
        accepted_at=now,
        picked_up_at=now,
    )


def _told(riders: Sequence[User], carried: Sequence[Order]) -> Evening:
    by_courier: defaultdict[UUID | None, list[Order]] = defaultdict(list)
    for order in carried:
        by_courier[order.courier_id].append(order)
    return Evening(
        rides=[_ride(rider, by_courier[rider.pk]) for rider in riders],
        staff_bearer=_bearer(User.objects.filter(role=Role.ADMIN)[0]),
    )


def _ride(rider: User, carried: Sequence[Order]) -> Ride:
    return Ride(
        courier_id=str(rider.pk),
        bearer=_bearer(rider),
        order_ids=[str(order.pk) for order in carried],
        tokens=[order.tracking_token for order in carried],
    )


def _bearer(user: User) -> str:
    token = AccessToken()
    token["sub"], token["scope"] = str(user.pk), " ".join(sorted(user.scopes))
    return str(token)
