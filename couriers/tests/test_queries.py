"""Lists and actions cost the same number of statements however much there is."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from catalog.models import Store
from couriers.tests.conftest import Caller, selects
from couriers.tests.factories import make_accepted, make_courier
from orders.tests.factories import make_confirmed_order, make_product, make_store, make_user

pytestmark = pytest.mark.django_db


def cost(caller: Caller, path: str, **query: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert caller.get(path, **query).status_code == 200
    return selects(queries)


@pytest.fixture
def store() -> Store:
    store = make_store()
    for _ in range(5):
        make_accepted(product=make_product(store))
    return store


@pytest.mark.parametrize("path", ["couriers", "assignments"])
@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.INTEGRATOR])
def test_a_list_is_one_statement(store: Store, path: str, role: Role) -> None:
    caller = Caller(make_user(role, stores=(store,)))
    assert cost(caller, path) == 1
    for _ in range(5):
        make_accepted(product=make_product(store))
    assert cost(caller, path) == 1


def test_a_couriers_own_list_is_one_statement() -> None:
    assert cost(Caller(make_accepted().courier.user), "assignments") == 1


def test_accepting_is_bounded() -> None:
    """Four reads of who and what, three locks; order, timeline, event; counter, assignment, event."""
    caller, order = Caller(make_courier().user), make_confirmed_order()
    with CaptureQueriesContext(connection) as queries:
        assert caller.post(f"orders/{order.id}/accept").status_code == 200
    assert selects(queries) == 14
