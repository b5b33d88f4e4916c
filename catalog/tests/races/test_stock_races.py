"""Nobody buys what is not there, and baskets with the same products do not lock each other out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from threading import Barrier
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection

from api import transactions
from api.errors import Busy
from api.tests.waiting import at_once
from catalog.errors import InsufficientStock
from catalog.locks import lock_products
from catalog.models import Product, StockEntry
from catalog.services import stock
from catalog.services.stock import Demand, reserve, restock
from catalog.tests.factories import SYSTEM, ledger_of, make_product, make_store, stock_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

# Fewer than the connection pool holds: in the controls all of them are in their transaction at the same time.
AT_THE_SAME_POINT = 15


def buy(*products: Product, quantity: int = 1) -> str:
    demands = [Demand(product_id=product.id, quantity=quantity) for product in products]
    try:
        reserve(demands, order_id=uuid4(), actor=SYSTEM)
    except (InsufficientStock, IntegrityError, Busy) as error:
        return type(error).__name__
    return "sold"


def test_fifty_buyers_of_ten_pieces_get_ten() -> None:
    tea = make_product(stock=10)
    outcomes = Counter(at_once([lambda: buy(tea)] * 50))
    assert outcomes == {"sold": 10, "InsufficientStock": 40}
    assert stock_of(tea) == 0
    assert Counter(ledger_of(tea)) == {(10, "received"): 1, (-1, "reserved"): 10}


def test_without_the_lock_only_the_databases_check_stops_the_eleventh_buyer() -> None:
    """All have seen ten pieces before anybody buys one; those who come too late crash instead of being told."""
    tea = make_product(stock=10)
    together = Barrier(AT_THE_SAME_POINT)

    def unlocked(product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        seen = Product.objects.in_bulk(list(product_ids))
        together.wait(20)
        return seen

    with patch.object(stock, "lock_products", unlocked):
        outcomes = Counter(at_once([lambda: buy(tea)] * AT_THE_SAME_POINT))
    assert outcomes == {"sold": 10, "IntegrityError": 5}
    assert stock_of(tea) == 0


def test_fifty_buyers_of_two_different_baskets_share_what_there_is() -> None:
    store = make_store()
    tea, pot, cup = (make_product(store, stock=count) for count in (20, 30, 10))
    baskets = [(tea, pot), (cup, pot)]
    outcomes = Counter(at_once([partial(buy, *baskets[i % 2]) for i in range(50)]))
    assert outcomes == {"sold": 30, "InsufficientStock": 20}
    assert [stock_of(product) for product in (tea, pot, cup)] == [0, 0, 0]


def opposite_baskets(count: int) -> tuple[list[Product], list[Sequence[Product]]]:
    store = make_store()
    shelf = [make_product(store, stock=1_000) for _ in range(4)]
    return shelf, [shelf if i % 2 else shelf[::-1] for i in range(count)]


def test_baskets_with_the_same_products_in_opposite_order_all_go_through() -> None:
    shelf, baskets = opposite_baskets(40)
    with patch.object(transactions, "MAX_ATTEMPTS", 1):  # no retry: there is nothing to retry
        outcomes = at_once([partial(buy, *basket) for basket in baskets])
    assert outcomes == ["sold"] * 40
    assert [stock_of(product) for product in shelf] == [960] * 4


def test_locking_in_the_order_of_the_basket_deadlocks() -> None:
    """Each holds its first product before it asks for the other's."""
    shelf, baskets = opposite_baskets(2)
    together = Barrier(2)

    def as_they_come(product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        first, *others = product_ids
        locked = lock_products([first])
        together.wait(20)
        for product_id in others:
            locked |= lock_products([product_id])
        return locked

    with patch.object(transactions, "MAX_ATTEMPTS", 1), patch.object(stock, "lock_products", as_they_come):
        outcomes = at_once([partial(buy, *basket) for basket in baskets])
    assert sorted(outcomes) == ["Busy", "sold"]
    assert [stock_of(product) for product in shelf] == [999] * 4


def test_an_order_restocked_by_many_at_once_comes_back_once() -> None:
    tea, order_id = make_product(stock=5), uuid4()
    reserve([Demand(product_id=tea.id, quantity=3)], order_id=order_id, actor=SYSTEM)
    at_once([lambda: restock(order_id=order_id, actor=SYSTEM)] * 10)
    assert stock_of(tea) == 5
    assert StockEntry.objects.filter(order_id=order_id, reason="restocked").count() == 1


def test_without_the_lock_the_ledgers_constraint_has_to_stop_the_second_return() -> None:
    tea, order_id = make_product(stock=5), uuid4()
    reserve([Demand(product_id=tea.id, quantity=3)], order_id=order_id, actor=SYSTEM)
    together = Barrier(5)

    def return_it() -> str:
        try:
            restock(order_id=order_id, actor=SYSTEM)
        except IntegrityError:
            return "IntegrityError"
        return "returned"

    def unlocked(product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        return Product.objects.in_bulk(list(product_ids))

    look = stock._outstanding

    def all_have_looked(order: UUID) -> dict[UUID, int]:
        held = look(order)
        together.wait(20)
        return held

    with patch.object(stock, "lock_products", unlocked), patch.object(stock, "_outstanding", all_have_looked):
        outcomes = Counter(at_once([return_it] * 5))
    assert outcomes == {"returned": 1, "IntegrityError": 4}
    assert stock_of(tea) == 5
