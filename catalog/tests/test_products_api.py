from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from catalog.models import Product, StockEntry, Store
from catalog.tests.factories import ledger_of, make_product, make_staff, make_store, stock_of

pytestmark = pytest.mark.django_db

PRODUCTS = "/api/v2/products"


@pytest.fixture
def store() -> Store:
    return make_store(currency="CHF")


@pytest.fixture
def staff(store: Store) -> User:
    return make_staff(store)


@pytest.fixture
def client(staff: User) -> JsonClient:
    return client_of(staff)


def address(product: Product) -> str:
    return f"{PRODUCTS}/{product.id}"


def new(store: Store, **fields: Any) -> dict[str, Any]:
    return {"store_id": str(store.id), "sku": "TEA-1", "name": "Tea", "price": "4.50", **fields}


def assert_refused(answer: Any, status: int, code: str, *pointers: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert tuple(problem.get("pointer") for problem in answer.json().get("errors", [])) == pointers


def found(client: JsonClient, query: str = "") -> list[str]:
    answer = client.get(f"{PRODUCTS}{query}")
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_a_created_product_is_shown_in_the_stores_currency(client: JsonClient, store: Store, staff: User) -> None:
    body = new(store, description="Green", stock=7, low_stock_threshold=2)
    answer = client.post(PRODUCTS, body)
    assert answer.status_code == 201, answer.content
    product = Product.objects.get()
    assert (answer["Location"], answer["ETag"]) == (address(product), '"1"')
    shown = answer.json()
    assert {key: shown[key] for key in shown if not key.endswith("_at")} == {
        **body, "id": str(product.id), "currency": "CHF", "is_active": True, "version": 1,
    }  # fmt: skip
    assert client.get(address(product)).json() == shown
    entry = StockEntry.objects.get()
    assert (entry.delta, entry.reason, entry.actor_id, entry.note) == (7, "received", staff.id, "initial stock")


def test_a_product_without_stock_has_an_empty_ledger(client: JsonClient, store: Store) -> None:
    shown = client.post(PRODUCTS, new(store, currency="CHF")).json()
    assert (shown["stock"], shown["description"], shown["low_stock_threshold"]) == (0, "", 0)
    assert not StockEntry.objects.exists()


def test_another_currency_than_the_stores_is_refused(client: JsonClient, store: Store) -> None:
    answer = client.post(PRODUCTS, new(store, currency="EUR"))
    assert_refused(answer, 409, "currency_mismatch")
    assert answer.json()["currency"] == "CHF"
    assert not Product.objects.exists()


def test_a_sku_is_taken_once_per_store_even_by_a_retired_product(client: JsonClient, store: Store, staff: User) -> None:
    make_product(store, sku="TEA-1", is_active=False)
    assert_refused(client.post(PRODUCTS, new(store)), 409, "sku_taken", "/sku")
    assert Product.objects.count() == 1
    elsewhere = make_store(staff)
    assert client.post(PRODUCTS, new(elsewhere)).status_code == 201


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"price": "4.505"}, "/price"),
        ({"price": "-0.01"}, "/price"),
        ({"price": "100000.01"}, "/price"),
        ({"price": 4.5}, "/price"),
        ({"price": "NaN"}, "/price"),
        ({"price": "1e3"}, "/price"),
        ({"sku": ""}, "/sku"),
        ({"sku": "x" * 65}, "/sku"),
        ({"name": None}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"description": "x" * 2001}, "/description"),
        ({"stock": -1}, "/stock"),
        ({"stock": 1.5}, "/stock"),
        ({"stock": True}, "/stock"),
        ({"low_stock_threshold": -1}, "/low_stock_threshold"),
        ({"store_id": "x"}, "/store_id"),
        ({"is_active": "true"}, "/is_active"),
        ({"version": 9}, "/version"),
    ],
)
def test_a_product_of_another_shape_is_refused(
    client: JsonClient, store: Store, fields: dict[str, Any], pointer: str
) -> None:
    assert_refused(client.post(PRODUCTS, new(store, **fields)), 400, "invalid_request", pointer)
    assert not Product.objects.exists()


def test_a_change_keeps_what_it_does_not_name(client: JsonClient, store: Store) -> None:
    tea = make_product(store, name="Tea", stock=3)
    answer = client.send("PATCH", address(tea), {"price": "9.99", "low_stock_threshold": 4, "sku": "NEW"})
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    tea.refresh_from_db()
    assert (tea.name, str(tea.price), tea.low_stock_threshold, tea.sku) == ("Tea", "9.99", 4, "NEW")
    assert (tea.stock, tea.version) == (3, 2)


@pytest.mark.parametrize(
    "fields", [{}, {"stock": 5}, {"store_id": str(uuid4())}, {"currency": "EUR"}, {"id": str(uuid4())}]
)
def test_what_cannot_be_changed_is_refused(client: JsonClient, store: Store, fields: dict[str, Any]) -> None:
    tea = make_product(store, stock=3)
    answer = client.send("PATCH", address(tea), fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    tea.refresh_from_db()
    assert (tea.stock, tea.version, tea.currency) == (3, 1, "CHF")


def test_a_change_needs_the_version_it_is_based_on(client: JsonClient, store: Store) -> None:
    tea = make_product(store, name="Tea")
    assert_refused(client.send("PATCH", address(tea), {"name": "x"}, version=None), 428, "precondition_required")
    stale = client.send("PATCH", address(tea), {"name": "x"}, version=2)
    assert_refused(stale, 412, "precondition_failed")
    assert stale["ETag"] == '"1"'
    tea.refresh_from_db()
    assert (tea.name, tea.version) == ("Tea", 1)


def test_a_sale_does_not_make_an_edit_stale(client: JsonClient, store: Store) -> None:
    tea = make_product(store, stock=3)
    client.post(f"{address(tea)}/stock", {"delta": -1, "reason": "damaged"})
    assert client.send("PATCH", address(tea), {"name": "Green tea"}).json()["stock"] == 2


def test_a_sku_cannot_be_changed_to_a_taken_one(client: JsonClient, store: Store) -> None:
    make_product(store, sku="TEA-1")
    pot = make_product(store, sku="POT-1")
    assert_refused(client.send("PATCH", address(pot), {"sku": "TEA-1"}), 409, "sku_taken", "/sku")
    pot.refresh_from_db()
    assert (pot.sku, pot.version) == ("POT-1", 1)


def test_retiring_hides_a_product_and_repeating_it_is_harmless(client: JsonClient, store: Store) -> None:
    tea = make_product(store, stock=3)
    for _ in range(2):
        assert client.delete(address(tea)).status_code == 204
    tea.refresh_from_db()
    assert (tea.is_active, tea.version, tea.stock) == (False, 2, 3)
    assert_refused(client_of(make_user()).get(address(tea)), 404, "product_not_found")
    assert client.get(address(tea)).json()["is_active"] is False


def test_retiring_what_has_changed_can_be_refused(client: JsonClient, store: Store) -> None:
    tea = make_product(store)
    assert_refused(client.delete(address(tea), headers={"If-Match": '"2"'}), 412, "precondition_failed")
    tea.refresh_from_db()
    assert tea.is_active


@pytest.mark.parametrize(
    ("reason", "recorded", "note"),
    [
        ("received", "received", ""),
        ("Damaged", "damaged", ""),
        ("counted", "counted", ""),
        ("corrected", "corrected", ""),
        ("found behind the shelf", "corrected", "found behind the shelf"),
        ("reserved", "corrected", "reserved"),
    ],
)
def test_stock_changes_by_hand_with_a_reason(
    client: JsonClient, store: Store, staff: User, reason: str, recorded: str, note: str
) -> None:
    tea = make_product(store, stock=5)
    answer = client.post(f"{address(tea)}/stock", {"delta": 3, "reason": reason})
    assert (answer.status_code, answer.json()["stock"], answer["ETag"]) == (200, 8, '"1"')
    entry = StockEntry.objects.latest("id")
    assert (entry.delta, entry.reason, entry.note, entry.actor_id) == (3, recorded, note, staff.id)


def test_stock_never_falls_below_zero(client: JsonClient, store: Store) -> None:
    tea = make_product(store, stock=5)
    answer = client.post(f"{address(tea)}/stock", {"delta": -6, "reason": "counted"})
    assert_refused(answer, 409, "insufficient_stock", "/delta")
    assert answer.json()["errors"][0]["available"] == 5
    assert (stock_of(tea), ledger_of(tea)) == (5, [(5, "received")])


def test_an_idempotency_key_moves_stock_once(client: JsonClient, store: Store) -> None:
    tea = make_product(store, stock=5)
    for _ in range(3):
        answer = client.post(
            f"{address(tea)}/stock", {"delta": 1, "reason": "received"}, headers={"Idempotency-Key": "k1"}
        )
        assert answer.json()["stock"] == 6
    assert stock_of(tea) == 6


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ("/delta", "/reason")),
        ({"delta": 0, "reason": "counted"}, ("/delta",)),
        ({"delta": 1.5, "reason": "counted"}, ("/delta",)),
        ({"delta": "1", "reason": "counted"}, ("/delta",)),
        ({"delta": 1_000_000_001, "reason": "counted"}, ("/delta",)),
        ({"delta": 1, "reason": ""}, ("/reason",)),
        ({"delta": 1, "reason": "x" * 201}, ("/reason",)),
        ({"delta": 1, "reason": "counted", "order_id": str(uuid4())}, ("/order_id",)),
    ],
)
def test_a_stock_change_of_another_shape_is_refused(
    client: JsonClient, store: Store, body: dict[str, Any], pointers: tuple[str, ...]
) -> None:
    tea = make_product(store, stock=5)
    assert_refused(client.post(f"{address(tea)}/stock", body), 400, "invalid_request", *pointers)
    assert stock_of(tea) == 5


def test_products_are_filtered_and_listed_newest_first(client: JsonClient, store: Store) -> None:
    make_product(store, name="Tea", sku="A-1", description="green leaves")
    make_product(store, name="Pot", sku="B-1", is_active=False)
    elsewhere = make_store()
    make_product(elsewhere, name="Cup", sku="C-1")
    assert found(client) == ["Cup", "Pot", "Tea"]
    assert found(client, f"?store={store.id}") == ["Pot", "Tea"]
    assert found(client, f"?store={uuid4()}") == []
    assert found(client, "?is_active=false") == ["Pot"]
    assert found(client, f"?is_active=true&store={elsewhere.id}") == ["Cup"]
    assert [found(client, f"?search={word}") for word in ("TE", "b-1", "LEAVES", "xyz")] == [
        ["Tea"], ["Pot"], ["Tea"], [],
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["?store=x", "?price=1", "?is_active=", "?search=" + "x" * 101])
def test_unknown_filters_are_refused_and_empty_ones_let_be(client: JsonClient, query: str) -> None:
    assert client.get(f"{PRODUCTS}{query}").status_code == (200 if query == "?is_active=" else 400)


def test_the_list_costs_the_same_for_one_product_as_for_many(
    client: JsonClient, store: Store, django_assert_num_queries: Any
) -> None:
    for _ in range(6):
        make_product(store)
    for user_client in (client, client_of(make_user()), client_of(make_user(Role.ADMIN))):
        with django_assert_num_queries(2):  # who calls, and the page
            assert len(user_client.get(PRODUCTS).json()["results"]) == 6
