"""Putting the city into the database, through the services everybody else uses; again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.actors import Actor
from accounts.errors import EmailTaken
from accounts.locks import lock_user
from accounts.models import User
from api.transactions import in_transaction
from catalog.models import Membership, Product, Store
from catalog.services.products import create_product
from catalog.services.stores import NewStore, create_store
from couriers.models import Courier
from couriers.services.profiles import UserReference, add_courier
from operations.seeding import berlin
from operations.seeding.people import ADMIN, RUNNING_STORES, Cast, courier_person

ACTOR: Final = Actor.system("seed")
DELIVERY_RADIUS_M: Final = 15_000
LOW_STOCK_THRESHOLD: Final = 20
SMALLEST_STOCK: Final = 500
STOCK_STEP: Final = 100
STOCK_STEPS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much there is to be in all; products are spread evenly over the stores."""

    stores: int = 4
    products: int = 32
    couriers: int = 12

    def products_of(self, store_number: int) -> int:
        each, left_over = divmod(self.products, self.stores)
        return each + (store_number < left_over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """How much of each was made now, because it was missing."""

    users: int
    couriers: int
    stores: int
    products: int


def seed(plan: Plan) -> Seeded:
    """All or nothing, and one at a time: others wait at the administrator's row until this one has committed."""
    cast = Cast()
    admin = _administrator(cast)

    def plant() -> Seeded:
        lock_user(admin.id)
        people = Cast(made=list(cast.made))
        fixed = list(people.fixed())
        couriers = [_courier(number, cast=people) for number in range(1, plan.couriers + 1)]
        stores, products = _catalog(plan, run_by=[user for user in fixed if user.role in RUNNING_STORES])
        return Seeded(users=len(people.made), couriers=sum(couriers), stores=stores, products=products)

    return in_transaction(plant)


def _administrator(cast: Cast) -> User:
    try:
        return cast.find_or_make(ADMIN)
    except EmailTaken:
        return Cast().find_or_make(ADMIN)


def _courier(number: int, *, cast: Cast) -> bool:
    name, vehicle, capacity = berlin.courier(number)
    user = cast.find_or_make(courier_person(number, name=name))
    if Courier.objects.filter(user=user).exists():
        return False
    add_courier(UserReference(user_id=user.id), name=name, phone=user.phone, vehicle=vehicle, capacity=capacity)
    return True


def _catalog(plan: Plan, *, run_by: Sequence[User]) -> tuple[int, int]:
    there = {store.name: store for store in Store.objects.order_by("-pk")}
    new_stores = new_products = 0
    for number, shop in enumerate(berlin.shops(plan.stores)):
        store = there.get(shop.name)
        if store is None:
            store = _open(shop)
            new_stores += 1
        Membership.objects.bulk_create((Membership(user=user, store=store) for user in run_by), ignore_conflicts=True)
        new_products += _fill(store, shop=shop, count=plan.products_of(number))
    return new_stores, new_products


def _open(shop: berlin.Shop) -> Store:
    """Staff confirm by hand and no PIN is asked for, so that whoever tries the API by hand sees every step."""
    return create_store(
        actor=ACTOR,
        **NewStore(
            name=shop.name,
            address=shop.address,
            phone=shop.phone,
            email=shop.email,
            latitude=shop.position.latitude,
            longitude=shop.position.longitude,
            time_zone=berlin.TIME_ZONE,
            currency=berlin.CURRENCY,
            delivery_radius_m=DELIVERY_RADIUS_M,
            delivery_base_fee=shop.delivery_base_fee,
            delivery_fee_per_km=shop.delivery_fee_per_km,
            preparation_minutes=shop.preparation_minutes,
        ),
    )


def _fill(store: Store, *, shop: berlin.Shop, count: int) -> int:
    there = set(Product.objects.filter(store=store).values_list("sku", flat=True))
    missing = [(number, goods) for number, goods in enumerate(shop.goods(count)) if goods.sku not in there]
    for number, goods in missing:
        create_product(
            store.id,
            sku=goods.sku,
            name=goods.name,
            price=goods.price,
            stock=SMALLEST_STOCK + STOCK_STEP * (number % STOCK_STEPS),
            low_stock_threshold=LOW_STOCK_THRESHOLD,
            actor=ACTOR,
        )
    return len(missing)
