from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from threading import Barrier
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Sum

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.services.tokens import sign_in
from accounts.services.users import update_user
from api.tests.waiting import at_once
from catalog.geography import Position, distance_m
from catalog.models import Membership, Product, StockEntry, Store
from catalog.services.availability import refuse_if_unavailable
from couriers.models import Courier
from operations.seeding import berlin, seeding
from operations.seeding.people import CUSTOMERS_HOME
from operations.seeding.seeding import Plan, Seeded, seed

ALEXANDERPLATZ = Position(52.52, 13.40)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


def everything() -> list[Any]:
    models = (User, Courier, Store, Product, StockEntry, Membership)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.django_db
def test_the_demo_people_can_sign_in_with_the_published_password() -> None:
    assert "Made 4 stores, 32 products, 12 couriers, 17 users." in run()
    people = {
        "admin": Role.ADMIN, "dispatcher": Role.DISPATCHER, "store": Role.STORE_STAFF, "courier1": Role.COURIER,
        "courier12": Role.COURIER, "customer": Role.CUSTOMER, "integrator": Role.INTEGRATOR,
    }  # fmt: skip
    for name, role in people.items():
        user = User.objects.get(email=f"{name}@example.com")
        assert user.role == role
        assert sign_in(user.email, password="demo-password").scopes == user.scopes
    assert Counter(User.objects.values_list("role", flat=True)) == {
        "admin": 1, "dispatcher": 1, "store_staff": 1, "integrator": 1, "customer": 1, "courier": 12,
    }  # fmt: skip


@pytest.mark.django_db
def test_seeding_again_changes_nothing() -> None:
    run()
    before = everything()
    assert "Made 0 stores, 0 products, 0 couriers, 0 users." in run()
    assert everything() == before


@pytest.mark.django_db
def test_seeding_again_gives_back_neither_passwords_nor_sold_goods() -> None:
    seed(Plan())
    customer = User.objects.get(email="customer@example.com")
    update_user(customer.id, actor=Actor.system("test"), password="another password")
    Product.objects.update(stock=1)
    assert seed(Plan()) == Seeded(users=0, couriers=0, stores=0, products=0)
    assert sign_in(customer.email, password="another password").scopes == customer.scopes
    assert set(Product.objects.values_list("stock", flat=True)) == {1}


@pytest.mark.django_db
def test_amounts_are_totals_and_more_can_be_asked_for_later() -> None:
    run("--stores", "1", "--products", "5", "--couriers", "3")
    assert (Store.objects.count(), Product.objects.count(), Courier.objects.count()) == (1, 5, 3)
    assert seed(Plan(stores=3, products=20, couriers=4)) == Seeded(users=1, couriers=1, stores=2, products=15)
    assert sorted(Counter(Product.objects.values_list("store", flat=True)).values()) == [6, 7, 7]


@pytest.mark.django_db
def test_every_store_delivers_to_the_whole_centre_at_any_hour() -> None:
    seed(Plan(stores=20, products=20))
    assert Store.objects.count() == len({store.name for store in Store.objects.all()}) == 20
    nights = [datetime(2026, 6, day, 3, tzinfo=UTC) for day in range(1, 8)]
    for store in Store.objects.all():
        assert distance_m(Position(store.latitude, store.longitude), ALEXANDERPLATZ) < 5_000
        assert (store.currency, store.time_zone, store.is_active) == ("EUR", "Europe/Berlin", True)
        for at in nights:
            refuse_if_unavailable(store, at=at, dropoff=Position(52.55, 13.50))


@pytest.mark.django_db
def test_there_is_plenty_of_everything_and_the_ledger_knows_it() -> None:
    seed(Plan())
    assert all(500 <= product.stock <= 1_000 for product in Product.objects.all())
    booked = Product.objects.annotate(booked=Sum("stock_entries__delta"))
    assert not booked.exclude(booked=F("stock")).exists()
    assert not Product.objects.exclude(currency="EUR").exists()
    assert all(product.price > 0 for product in Product.objects.all())


@pytest.mark.django_db
def test_the_storekeeper_and_the_integrator_run_every_store() -> None:
    seed(Plan())
    for email in ("store@example.com", "integrator@example.com"):
        assert Store.objects.run_by(User.objects.get(email=email)).count() == 4
    assert Membership.objects.count() == 8


@pytest.mark.django_db
def test_the_customer_has_a_home() -> None:
    seed(Plan())
    customer = User.objects.get(email="customer@example.com")
    assert customer.dropoff_address == CUSTOMERS_HOME.address
    assert (customer.dropoff_latitude, customer.dropoff_longitude) == (52.5293, 13.4034)


def test_a_range_that_is_used_up_comes_again_in_bigger_packs() -> None:
    shop = berlin.SHOPS[0]
    goods = list(shop.goods(25))
    assert len({item.sku for item in goods}) == len({item.name for item in goods}) == 25
    assert (goods[12].name, goods[12].price) == ("Country sourdough, 1 kg, pack of 2", goods[0].price * 2)


def test_skus_and_names_of_shops_differ() -> None:
    many = list(berlin.shops(40))
    assert len({shop.name for shop in many}) == 40
    assert len({shop.sku_prefix for shop in berlin.SHOPS}) == len(berlin.SHOPS)


@pytest.mark.django_db
def test_production_is_asked_twice(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="published password"):
        run()
    assert not User.objects.exists()
    run("--yes-in-production", "--couriers", "1")
    assert User.objects.count() == 6


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [("--stores", "0"), ("--products", "x"), ("--couriers", "10001")])
def test_amounts_out_of_range_are_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="expected a whole number"):
        run(*arguments)
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time")
class TestSeveralAtOnce:
    PLAN = Plan(stores=2, products=6, couriers=2)

    def test_several_that_seed_at_once_make_one_city(self) -> None:
        made = at_once([lambda: seed(self.PLAN)] * 4)
        assert sorted(seeded.stores for seeded in made) == [0, 0, 0, 2]
        assert (Store.objects.count(), Product.objects.count(), Courier.objects.count()) == (2, 6, 2)

    def test_without_the_lock_they_make_several(self) -> None:
        seed(Plan(stores=1, products=1, couriers=1))
        Store.objects.update(name="Something else")
        together = Barrier(2)

        def unlocked(user_id: UUID) -> None:
            together.wait(20)

        look = seeding._catalog

        def all_look_first(plan: Plan, *, run_by: list[User]) -> tuple[int, int]:
            together.wait(20)
            return look(plan, run_by=run_by)

        with patch.object(seeding, "lock_user", unlocked), patch.object(seeding, "_catalog", all_look_first):
            at_once([lambda: seed(Plan(stores=1, products=1, couriers=1))] * 2)
        assert Store.objects.exclude(name="Something else").count() == 2, "taking the lock away shows the fault"
