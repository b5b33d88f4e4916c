"""The board as the console fetches it."""

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.tests.admin_site import queries_of, signed_in
from accounts.tests.factories import make_user
from catalog.tests.factories import make_staff
from couriers.tests.factories import make_accepted
from orders.tests.factories import make_confirmed_order

pytestmark = pytest.mark.django_db

BOARD = "/admin/dispatch/board"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_dispatchers_see_every_order(role: Role) -> None:
    orders = {str(make_confirmed_order().pk), str(make_accepted().order_id)}

    answer = signed_in(make_user(role)).get(BOARD)

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {row["id"] for row in answer.json()["orders"]} == orders


def test_store_staff_see_their_stores() -> None:
    own, _foreign = make_confirmed_order(), make_confirmed_order()

    board = signed_in(make_staff(own.store)).get(BOARD).json()

    assert [row["id"] for row in board["orders"]] == [str(own.pk)]


@pytest.mark.parametrize("role", [Role.COURIER, Role.CUSTOMER, Role.INTEGRATOR])
def test_others_are_refused_in_json(role: Role) -> None:
    answer = signed_in(make_user(role)).get(BOARD)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


def test_strangers_are_refused_in_json() -> None:
    answer = Client().get(BOARD)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


def test_it_is_only_read() -> None:
    assert signed_in(make_user(Role.DISPATCHER)).post(BOARD).status_code == 405


def test_it_asks_as_many_queries_for_many_orders_as_for_one() -> None:
    client = signed_in(make_user(Role.DISPATCHER))
    make_accepted()
    few = queries_of(client, BOARD)
    for _ in range(5):
        make_accepted()
    assert (queries_of(client, BOARD), few) == (9, 9)
