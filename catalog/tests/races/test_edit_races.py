"""Of many who change the same thing, based on the same version, one succeeds and the others are told."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection

from api.errors import PreconditionFailed
from api.tests.waiting import at_once
from catalog.errors import SkuTaken
from catalog.models import Product, Store
from catalog.services import products, stores
from catalog.services.products import update_product
from catalog.services.stores import update_store
from catalog.tests.factories import make_product, make_store

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

EDITORS = 8


def outcomes(edit: Callable[[str], object]) -> Counter[str]:
    def try_it(name: str) -> str:
        try:
            edit(name)
        except (PreconditionFailed, SkuTaken) as refusal:
            return refusal.code
        return "changed"

    return Counter(at_once([partial(try_it, f"Name {number}") for number in range(EDITORS)]))


def test_one_of_many_edits_of_a_store_succeeds() -> None:
    store = make_store()
    told = outcomes(lambda name: update_store(store.id, expected_version=1, name=name))
    assert told == {"changed": 1, "precondition_failed": EDITORS - 1}
    store.refresh_from_db()
    assert store.version == 2


def test_one_of_many_edits_of_a_product_succeeds() -> None:
    product = make_product(stock=3)
    told = outcomes(lambda name: update_product(product.id, expected_version=1, name=name))
    assert told == {"changed": 1, "precondition_failed": EDITORS - 1}
    product.refresh_from_db()
    assert (product.version, product.stock) == (2, 3)


def test_without_the_lock_edits_of_a_store_are_lost() -> None:
    store, together = make_store(), Barrier(EDITORS)

    def unlocked(store_id: UUID) -> Store:
        seen = Store.objects.get(pk=store_id)
        together.wait(20)
        return seen

    with patch.object(stores, "lock_store", unlocked):
        told = outcomes(lambda name: update_store(store.id, expected_version=1, name=name))
    store.refresh_from_db()
    assert (told, store.version) == ({"changed": EDITORS}, 2)


def test_without_the_lock_edits_of_a_product_are_lost() -> None:
    product, together = make_product(), Barrier(EDITORS)

    def unlocked(product_id: UUID) -> Product:
        seen = Product.objects.get(pk=product_id)
        together.wait(20)
        return seen

    with patch.object(products, "lock_product", unlocked):
        told = outcomes(lambda name: update_product(product.id, expected_version=1, name=name))
    product.refresh_from_db()
    assert (told, product.version) == ({"changed": EDITORS}, 2)


def test_a_sku_given_by_many_at_once_is_one_products() -> None:
    store = make_store()
    told = outcomes(lambda name: make_product(store, sku="TEA-1", name=name))
    assert told == {"changed": 1, "sku_taken": EDITORS - 1}
    assert Product.objects.count() == 1
