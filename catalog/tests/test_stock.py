from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.tests.factories import make_user
from catalog.errors import InsufficientStock, ProductNotFound, StockLimitExceeded
from catalog.models import Product, StockEntry, StockReason
from catalog.services.stock import MAX_STOCK, Demand, adjust_stock, reserve, restock
from catalog.tests.factories import SYSTEM, ledger_of, make_product, make_store, stock_of
from events.models import Event

pytestmark = pytest.mark.django_db


def take(*wanted: tuple[Product, int], order_id: UUID | None = None) -> dict[UUID, Product]:
    demands = [
        Demand(product_id=product.id, quantity=quantity, pointer=f"/items/{index}")
        for index, (product, quantity) in enumerate(wanted)
    ]
    return reserve(demands, order_id=order_id or uuid4(), actor=SYSTEM)


def low_alerts() -> list[tuple[UUID, Any]]:
    events = Event.objects.filter(type="stock.low").order_by("position")
    return [(event.subject_id, event.data["stock"]) for event in events]


def test_reserving_takes_stock_and_writes_the_ledger() -> None:
    ada, order_id = make_user(), uuid4()
    tea, pot = make_product(stock=10), make_product(stock=3)
    demands = [Demand(product_id=tea.id, quantity=4), Demand(product_id=pot.id, quantity=3)]
    taken = reserve(demands, order_id=order_id, actor=Actor.of(ada))
    assert {product.id: product.stock for product in taken.values()} == {tea.id: 6, pot.id: 0}
    assert (stock_of(tea), stock_of(pot)) == (6, 0)
    assert ledger_of(tea) == [(10, "received"), (-4, "reserved")]
    entry = StockEntry.objects.get(product=pot, reason="reserved")
    assert (entry.delta, entry.order_id, entry.actor_id) == (-3, order_id, ada.id)


def test_reserving_leaves_the_products_version_alone() -> None:
    tea = make_product(stock=10)
    assert take((tea, 1))[tea.id].version == 1


def test_a_short_line_names_the_product_and_reserves_nothing() -> None:
    tea, pot, cup = make_product(stock=10, name="Tea"), make_product(stock=3, name="Pot"), make_product(name="Cup")
    with pytest.raises(InsufficientStock) as refusal:
        take((tea, 1), (pot, 4), (cup, 1))
    assert [(p.pointer, p.code, p.extra) for p in refusal.value.errors] == [
        (
            "/items/1", "insufficient_stock",
            {"product_id": str(pot.id), "name": "Pot", "requested": 4, "available": 3},
        ),
        (
            "/items/2", "insufficient_stock",
            {"product_id": str(cup.id), "name": "Cup", "requested": 1, "available": 0},
        ),
    ]  # fmt: skip
    assert [stock_of(product) for product in (tea, pot, cup)] == [10, 3, 0]
    assert not StockEntry.objects.filter(reason="reserved").exists()


def test_a_product_named_twice_is_added_up() -> None:
    tea = make_product(stock=5)
    with pytest.raises(InsufficientStock):
        take((tea, 3), (tea, 3))
    take((tea, 3), (tea, 2))
    assert ledger_of(tea) == [(5, "received"), (-5, "reserved")]


def test_unknown_and_retired_products_are_not_found() -> None:
    tea, gone = make_product(stock=5), make_product(stock=5, is_active=False)
    unknown = Demand(product_id=uuid4(), quantity=1, pointer="/items/2")
    wanted = [Demand(product_id=p.id, quantity=1, pointer=f"/items/{i}") for i, p in enumerate((tea, gone))]
    with pytest.raises(ProductNotFound) as refusal:
        reserve([*wanted, unknown], order_id=uuid4(), actor=SYSTEM)
    assert [problem.pointer for problem in refusal.value.errors] == ["/items/1", "/items/2"]
    assert (stock_of(tea), stock_of(gone)) == (5, 5)


def test_the_same_order_cannot_reserve_a_product_twice() -> None:
    tea, order_id = make_product(stock=5), uuid4()
    take((tea, 1), order_id=order_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        take((tea, 1), order_id=order_id)
    assert (stock_of(tea), ledger_of(tea)) == (4, [(5, "received"), (-1, "reserved")])


@pytest.mark.parametrize("lines", [1, 20])
def test_a_basket_of_any_size_costs_the_same(lines: int, django_assert_num_queries: Any) -> None:
    store = make_store()
    basket = [(make_product(store, stock=5), 1) for _ in range(lines)]
    with django_assert_num_queries(3):  # lock, ledger, stock
        take(*basket)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks the whole database instead of rows")
def test_the_rows_are_locked_in_the_order_of_their_keys_before_anything_is_written() -> None:
    basket = [make_product(stock=5) for _ in range(3)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        take(*((product, 1) for product in reversed(basket)))
    first = queries[0]["sql"]
    assert first.endswith('ORDER BY "catalog_product"."id" ASC FOR NO KEY UPDATE OF "catalog_product"')
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "INSERT", "UPDATE"]


def test_restocking_puts_back_what_the_order_took_once() -> None:
    tea, pot, order_id = make_product(stock=10), make_product(stock=3), uuid4()
    take((tea, 4), (pot, 1), order_id=order_id)
    take((tea, 2))
    back = restock(order_id=order_id, actor=SYSTEM)
    assert {product.id: product.stock for product in back.values()} == {tea.id: 8, pot.id: 3}
    assert restock(order_id=order_id, actor=SYSTEM) == {}
    assert (stock_of(tea), stock_of(pot)) == (8, 3)
    assert ledger_of(pot) == [(3, "received"), (-1, "reserved"), (1, "restocked")]


def test_restocking_what_never_was_reserved_does_nothing() -> None:
    assert restock(order_id=uuid4(), actor=SYSTEM) == {}
    assert not StockEntry.objects.exists()


def test_retired_products_take_their_goods_back() -> None:
    tea, order_id = make_product(stock=1), uuid4()
    take((tea, 1), order_id=order_id)
    Product.objects.filter(pk=tea.pk).update(is_active=False)
    restock(order_id=order_id, actor=SYSTEM)
    assert stock_of(tea) == 1


def test_adjusting_moves_stock_with_reason_and_note() -> None:
    tea = make_product(stock=10)
    after = adjust_stock(tea.id, delta=-3, reason=StockReason.DAMAGED, actor=SYSTEM, note="fell down")
    assert (after.stock, stock_of(tea)) == (7, 7)
    entry = StockEntry.objects.get(reason="damaged")
    assert (entry.delta, entry.note, entry.order_id, entry.actor_id) == (-3, "fell down", None, None)


def test_adjusting_below_zero_is_refused() -> None:
    tea = make_product(stock=2)
    with pytest.raises(InsufficientStock) as refusal:
        adjust_stock(tea.id, delta=-3, reason=StockReason.COUNTED, actor=SYSTEM)
    assert [(p.pointer, p.extra["available"]) for p in refusal.value.errors] == [("/delta", 2)]
    assert (stock_of(tea), ledger_of(tea)) == (2, [(2, "received")])


def test_adjusting_beyond_what_fits_is_refused() -> None:
    tea = make_product(stock=2)
    with pytest.raises(StockLimitExceeded):
        adjust_stock(tea.id, delta=MAX_STOCK - 1, reason=StockReason.RECEIVED, actor=SYSTEM)
    assert stock_of(tea) == 2


def test_adjusting_an_unknown_product_is_refused() -> None:
    with pytest.raises(ProductNotFound):
        adjust_stock(uuid4(), delta=1, reason=StockReason.RECEIVED, actor=SYSTEM)


def test_the_database_itself_refuses_stock_below_zero() -> None:
    tea = make_product(stock=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=tea.pk).update(stock=-1)


def test_a_fall_to_the_threshold_is_told_once() -> None:
    tea = make_product(stock=10, low_stock_threshold=5)
    take((tea, 4))
    assert low_alerts() == []
    take((tea, 1))
    assert low_alerts() == [(tea.id, 5)]
    take((tea, 1))
    adjust_stock(tea.id, delta=-1, reason=StockReason.DAMAGED, actor=SYSTEM)
    assert low_alerts() == [(tea.id, 5)]


def test_a_second_fall_is_told_again() -> None:
    tea, order_id = make_product(stock=6, low_stock_threshold=5), uuid4()
    take((tea, 2), order_id=order_id)
    restock(order_id=order_id, actor=SYSTEM)
    take((tea, 3))
    assert low_alerts() == [(tea.id, 4), (tea.id, 3)]


def test_without_a_threshold_the_last_piece_is_told() -> None:
    tea = make_product(stock=1)
    take((tea, 1))
    event = Event.objects.get(type="stock.low")
    assert (event.subject_type, event.subject_id, event.subject_version) == ("product", tea.id, 1)
    assert (event.store_id, event.data) == (tea.store_id, {"stock": 0, "threshold": 0, "sku": tea.sku})


def test_a_refused_reservation_tells_nothing() -> None:
    tea, pot = make_product(stock=1), make_product(stock=0)
    with pytest.raises(InsufficientStock):
        take((tea, 1), (pot, 1))
    assert low_alerts() == []


def test_new_stock_is_no_fall() -> None:
    tea = make_product(stock=3, low_stock_threshold=5)
    adjust_stock(tea.id, delta=1, reason=StockReason.RECEIVED, actor=SYSTEM)
    assert low_alerts() == []
