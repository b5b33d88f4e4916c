"""Every route of this app for every role, on one's own store and on a foreign one, cell by cell."""

from collections.abc import Mapping
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, stranger
from catalog.models import Product, StockEntry, Store
from catalog.tests.factories import make_product, make_staff, make_store

pytestmark = pytest.mark.django_db

Cell = Mapping[Role, tuple[int, int]]
"""The status for one's own store, and for a foreign one."""

READS: Cell = dict.fromkeys(Role, (200, 200))
RUNS: Cell = {
    Role.ADMIN: (200, 200),
    Role.DISPATCHER: (200, 200),
    Role.STORE_STAFF: (200, 404),
    Role.INTEGRATOR: (200, 404),
    Role.COURIER: (404, 404),
    Role.CUSTOMER: (404, 404),
}
_REFUSED = dict.fromkeys((Role.DISPATCHER, Role.COURIER, Role.CUSTOMER), (403, 403))


def writes(status: int) -> Cell:
    own_only = (status, 404)
    return {**_REFUSED, Role.ADMIN: (status, status), Role.STORE_STAFF: own_only, Role.INTEGRATOR: own_only}


def manages(status: int) -> Cell:
    return {role: (status, status) if role == Role.ADMIN else (403, 403) for role in Role}


NEW_STORE = {"name": "Shop", "address": "1 Main St", "latitude": 52.5, "longitude": 13.4}
NEW_PRODUCT = {"sku": "NEW", "name": "New", "price": "1.00", "store_id": "{store}"}
ANYWHERE: Cell = {**writes(201), Role.STORE_STAFF: (201, 201), Role.INTEGRATOR: (201, 201)}

ROUTES: list[tuple[str, str, dict[str, Any] | None, Cell]] = [
    ("GET", "/stores", None, READS),
    ("GET", "/stores/{store}", None, READS),
    ("GET", "/stores/{retired_store}", None, RUNS),
    ("POST", "/stores", NEW_STORE, ANYWHERE),
    ("PATCH", "/stores/{store}", {"is_paused": True}, writes(200)),
    ("DELETE", "/stores/{store}", None, writes(204)),
    ("GET", "/products", None, READS),
    ("GET", "/products/{product}", None, READS),
    ("GET", "/products/{retired_product}", None, RUNS),
    ("GET", "/products/{product_of_retired_store}", None, RUNS),
    ("POST", "/products", NEW_PRODUCT, writes(201)),
    ("PATCH", "/products/{product}", {"name": "x"}, writes(200)),
    ("DELETE", "/products/{product}", None, writes(204)),
    ("POST", "/products/{product}/stock", {"delta": 1, "reason": "counted"}, writes(200)),
    ("GET", "/stores/{store}/members", None, manages(200)),
    ("POST", "/stores/{store}/members", {"user_id": "{user}"}, {**manages(200), Role.ADMIN: (200, 201)}),
    ("DELETE", "/stores/{store}/members/{user}", None, manages(204)),
]
CELLS = [
    (method, path, body, role, own, cell[role][0 if own else 1])
    for method, path, body, cell in ROUTES
    for role in Role
    for own in (True, False)
]


def names_of(store: Store, retired: Store, user: User) -> dict[str, str]:
    return {
        "store": str(store.id),
        "retired_store": str(retired.id),
        "product": str(make_product(store).id),
        "retired_product": str(make_product(store, is_active=False).id),
        "product_of_retired_store": str(make_product(retired).id),
        "user": str(user.id),
    }


def snapshot() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Store, Product, StockEntry)]


def ask(client: JsonClient, method: str, path: str, body: dict[str, Any] | None, names: dict[str, str]) -> Any:
    filled = {key: value.format(**names) if isinstance(value, str) else value for key, value in (body or {}).items()}
    return client.send(method, "/api/v2" + path.format(**names), filled if method != "GET" else None)


@pytest.mark.parametrize(("method", "path", "body", "role", "own", "status"), CELLS)
def test_each_role_may_what_the_contract_says(
    method: str, path: str, body: dict[str, Any] | None, role: Role, own: bool, status: int
) -> None:
    store, retired = make_store(), make_store(is_active=False)
    user = make_staff(*((store, retired) if own else ()), role=role)
    names = names_of(store, retired, user)
    before = snapshot()
    answer = ask(client_of(user), method, path, body, names)
    assert answer.status_code == status, answer.content
    if status >= 400:
        assert answer.json()["code"] in {"insufficient_scope", "store_not_found", "product_not_found"}
        assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_nobody_may_anything(route: tuple[str, str, dict[str, Any] | None, Cell]) -> None:
    store, retired = make_store(), make_store(is_active=False)
    names = names_of(store, retired, make_staff(store))
    before = snapshot()
    answer = ask(stranger(), *route[:3], names)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert snapshot() == before


@pytest.mark.parametrize("own", [True, False])
def test_lists_show_what_is_active_and_the_rest_of_ones_own(own: bool) -> None:
    store, retired = make_store(), make_store(is_active=False)
    client = client_of(make_staff(*((store, retired) if own else ())))
    on_sale, off_sale = make_product(store), make_product(store, is_active=False)
    gone = make_product(retired)
    stores = {row["id"] for row in client.get("/api/v2/stores").json()["results"]}
    products = {row["id"] for row in client.get("/api/v2/products").json()["results"]}
    assert stores == ({str(store.id), str(retired.id)} if own else {str(store.id)})
    assert products == ({str(p.id) for p in (on_sale, off_sale, gone)} if own else {str(on_sale.id)})


def test_a_token_without_the_scope_writes_nothing_even_for_an_administrator() -> None:
    store = make_store()
    client = client_of(make_staff(role=Role.ADMIN), scopes=["catalog:read"])
    assert client.get(f"/api/v2/stores/{store.id}").status_code == 200
    answer = client.send("PATCH", f"/api/v2/stores/{store.id}", {"is_paused": True})
    assert (answer.status_code, answer.json()["required_scopes"]) == (403, ["catalog:write"])
    store.refresh_from_db()
    assert not store.is_paused
