"""What dispatchers do on the board, as the console asks for it."""

import time
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user
from couriers.models import Courier
from couriers.services.carrying import pick_up
from couriers.tests.conftest import snapshot
from couriers.tests.factories import accept, actor_of, make_accepted, make_courier
from operations.admin.dispatch.undoing import VALID_SECONDS
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_ready_order

pytestmark = pytest.mark.django_db

CONSOLE = "/admin/dispatch"


@pytest.fixture
def boss() -> User:
    return make_user(Role.DISPATCHER, name="Dana")


@pytest.fixture
def console(boss: User) -> Client:
    return signed_in(boss)


def post(client: Client, command: str, **body: Any) -> Any:
    return client.post(f"{CONSOLE}/{command}", body, content_type="application/json")


def seen(*orders: Order) -> list[dict[str, Any]]:
    return [{"id": str(order.pk), "version": order.version} for order in orders]


def assign(client: Client, *orders: Order, courier: Courier) -> Any:
    return post(client, "assign", courier_id=str(courier.pk), orders=seen(*orders)).json()


def state(*orders: Order) -> list[tuple[str, Any]]:
    return [Order.objects.values_list("status", "courier_id").get(pk=order.pk) for order in orders]


def test_orders_are_given_to_a_courier_and_each_is_answered(console: Client) -> None:
    free, taken, ana = make_confirmed_order(), make_confirmed_order(), make_courier(capacity=5)
    accept(taken, courier=make_courier(name="Ben"))

    answer = assign(console, free, taken, courier=ana)

    assert answer["undo"]
    assert answer["results"] == [
        {"id": str(free.pk), "outcome": "done", "code": None, "message": "", "version": free.version + 1},
        {
            "id": str(taken.pk),
            "outcome": "refused",
            "code": "precondition_failed",
            "message": "Ben accepted it 1 s ago",
            "version": taken.version + 1,
        },
    ]
    assert state(free)[0] == ("assigned", ana.pk)


def test_what_was_given_is_undone(console: Client) -> None:
    waiting, held, ben = make_confirmed_order(), make_accepted(), make_courier(capacity=5)
    orders = [waiting, Order.objects.get(pk=held.order_id)]
    undo = assign(console, *orders, courier=ben)["undo"]

    answer = post(console, "undo", undo=undo).json()

    assert answer["undo"] is None
    assert [result["outcome"] for result in answer["results"]] == ["done", "done"]
    assert state(*orders) == [("confirmed", None), ("assigned", held.courier_id)]
    assert Courier.objects.get(pk=ben.pk).active_orders == 0


def test_what_was_taken_back_is_undone(console: Client) -> None:
    held = make_accepted()
    order = Order.objects.get(pk=held.order_id)
    taken = post(console, "take-back", orders=seen(order)).json()
    assert state(order) == [("confirmed", None)]

    post(console, "undo", undo=taken["undo"])

    assert state(order) == [("assigned", held.courier_id)]


def test_what_has_gone_on_since_stays_and_is_told(console: Client) -> None:
    left, gone, ana = make_confirmed_order(), make_ready_order(), make_courier(name="Ana", capacity=5)
    undo = assign(console, left, gone, courier=ana)["undo"]
    assignment = Order.objects.get(pk=gone.pk).assignments.get()
    pick_up(assignment.pk, actor=actor_of(ana))

    results = post(console, "undo", undo=undo).json()["results"]

    assert [(result["outcome"], result["message"]) for result in results] == [
        ("done", ""),
        ("refused", "Ana picked it up 1 s ago"),
    ]
    assert state(left, gone) == [("confirmed", None), ("picked_up", ana.pk)]


def test_undoing_twice_changes_nothing_more(console: Client) -> None:
    order = make_confirmed_order()
    undo = assign(console, order, courier=make_courier())["undo"]
    post(console, "undo", undo=undo)
    before = snapshot()

    again = post(console, "undo", undo=undo).json()

    assert [result["outcome"] for result in again["results"]] == ["done"]
    assert snapshot() == before


def test_who_did_it_undoes_it_and_within_ten_minutes(console: Client) -> None:
    order = make_confirmed_order()
    undo = assign(console, order, courier=make_courier())["undo"]
    before = snapshot()

    others = post(signed_in(make_user(Role.DISPATCHER)), "undo", undo=undo)
    forged = post(console, "undo", undo=undo[:-1] + ("a" if undo[-1] != "a" else "b"))
    with patch("django.core.signing.time.time", return_value=time.time() + VALID_SECONDS + 1):
        late = post(console, "undo", undo=undo)

    assert [(one.status_code, one.json()["code"]) for one in (others, forged, late)] == [(409, "undo_expired")] * 3
    assert snapshot() == before


def test_nothing_done_is_nothing_to_undo(console: Client) -> None:
    order = make_accepted()
    answer = assign(console, Order.objects.get(pk=order.order_id), courier=order.courier)
    assert (answer["undo"], answer["results"][0]["outcome"]) == (None, "done")


@pytest.mark.parametrize("command", ["assign", "take-back", "undo"])
@pytest.mark.parametrize(
    ("role", "status", "code"),
    [
        (Role.STORE_STAFF, 403, "insufficient_scope"),
        (Role.COURIER, 401, "authentication_required"),
        (Role.CUSTOMER, 401, "authentication_required"),
        (Role.INTEGRATOR, 401, "authentication_required"),
    ],
)
def test_only_dispatchers_and_administrators_may(command: str, role: Role, status: int, code: str) -> None:
    held = make_accepted()
    before = snapshot()
    body = {"orders": seen(held.order), "courier_id": str(held.courier_id), "undo": "x"}

    answer = post(signed_in(make_user(role)), command, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert snapshot() == before


def test_another_site_cannot_command() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(Role.DISPATCHER))
    order = make_confirmed_order()
    body = {"courier_id": str(make_courier().pk), "orders": seen(order)}
    before = snapshot()

    assert post(client, "assign", **body).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orders": []},
        {"orders": [{"id": "x", "version": 1}]},
        {"orders": [{"id": str(uuid4()), "version": "1"}]},
        {"orders": [{"id": str(uuid4()), "version": 1}] * 201},
        {"orders": [{"id": str(uuid4()), "version": 1}], "more": 1},
    ],
)
def test_malformed_commands_are_refused(console: Client, body: dict[str, Any]) -> None:
    answer = post(console, "take-back", **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_what_is_no_json_is_refused(console: Client) -> None:
    answer = console.post(f"{CONSOLE}/take-back", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


def test_an_unknown_courier_is_told(console: Client) -> None:
    answer = post(console, "assign", courier_id=str(uuid4()), orders=seen(make_confirmed_order()))
    assert (answer.status_code, answer.json()["code"]) == (404, "courier_not_found")
