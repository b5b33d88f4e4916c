"""GET /api/v2/payments and /api/v2/payments/{id}."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import Role
from api.identifiers import uuid7
from orders.tests.factories import make_order, make_product, make_store, make_user
from payments.models import Payment
from payments.tests.conftest import ClientFor
from payments.tests.factories import PAYMENTS, make_captured_payment, make_payment

pytestmark = pytest.mark.django_db


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [payment["id"] for payment in response.json()["results"]]


def test_a_payment_is_shown_with_its_etag_and_without_its_token(client_for: ClientFor) -> None:
    payment = make_captured_payment()

    response = client_for(payment.order.placed_by).get(f"{PAYMENTS}/{payment.id}")

    assert response["ETag"] == f'"{payment.version}"'
    answer = response.json()
    assert list(answer) == [
        "id",
        "order_id",
        "status",
        "amount",
        "currency",
        "provider",
        "captured_amount",
        "captured_currency",
        "refunded_amount",
        "review_reason",
        "failure_reason",
        "reference",
        "version",
        "created_at",
        "updated_at",
    ]
    assert (answer["status"], answer["captured_amount"], answer["version"]) == ("succeeded", "5.00", payment.version)
    assert "tok_" not in response.content.decode()


def readers_of(payment: Payment) -> dict[str, User]:
    own, other = (payment.order.store,), (make_store(),)
    return {
        "its customer": payment.order.placed_by,
        "another customer": make_user(),
        "its store's staff": make_user(Role.STORE_STAFF, stores=own),
        "another store's staff": make_user(Role.STORE_STAFF, stores=other),
        "its integrator": make_user(Role.INTEGRATOR, stores=own),
        "another integrator": make_user(Role.INTEGRATOR, stores=other),
        "a dispatcher": make_user(Role.DISPATCHER),
        "an administrator": make_user(Role.ADMIN),
    }


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("its customer", True),
        ("another customer", False),
        ("its store's staff", True),
        ("another store's staff", False),
        ("its integrator", True),
        ("another integrator", False),
        ("a dispatcher", True),
        ("an administrator", True),
    ],
)
def test_who_sees_a_payment(who: str, sees: bool, client_for: ClientFor) -> None:
    payment = make_payment()
    client = client_for(readers_of(payment)[who])

    response = client.get(f"{PAYMENTS}/{payment.id}")

    assert ids(client.get(PAYMENTS)) == ([str(payment.id)] if sees else [])
    assert response.status_code == (200 if sees else 404)
    if not sees:
        assert response.json()["code"] == "payment_not_found"


def test_couriers_see_no_payments(client_for: ClientFor) -> None:
    payment = make_payment()
    client = client_for(make_user(Role.COURIER))

    for path in (PAYMENTS, f"{PAYMENTS}/{payment.id}", f"{PAYMENTS}/{payment.id}/refunds"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")


def test_an_unknown_payment_is_not_found(client_for: ClientFor) -> None:
    client = client_for(make_user(Role.ADMIN))

    assert client.get(f"{PAYMENTS}/{uuid7()}").json()["code"] == "payment_not_found"
    assert client.get(f"{PAYMENTS}/not-a-uuid").status_code == 404


def test_payments_are_filtered(client_for: ClientFor) -> None:
    client = client_for(make_user(Role.ADMIN))
    pending, succeeded = make_payment(), make_captured_payment()

    assert ids(client.get(PAYMENTS)) == [str(succeeded.id), str(pending.id)]
    assert ids(client.get(PAYMENTS, {"order": str(pending.order_id)})) == [str(pending.id)]
    assert ids(client.get(PAYMENTS, {"status": "succeeded"})) == [str(succeeded.id)]
    assert ids(client.get(PAYMENTS, {"status": ["succeeded", "pending"]})) == [str(succeeded.id), str(pending.id)]
    assert ids(client.get(PAYMENTS, {"store": str(pending.order.store_id)})) == [str(pending.id)]
    assert ids(client.get(PAYMENTS, {"created_after": pending.created_at.isoformat()})) == [str(succeeded.id)]
    assert ids(client.get(PAYMENTS, {"created_before": succeeded.created_at.isoformat()})) == [str(pending.id)]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"token": "tok_success"}, "token"),
        ({"status": "paid"}, "status"),
        ({"order": "x"}, "order"),
        ({"store": "x"}, "store"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"limit": "101"}, "limit"),
    ],
)
def test_unknown_and_malformed_filters_are_refused(
    parameters: dict[str, str], name: str, client_for: ClientFor
) -> None:
    response = client_for(make_user(Role.ADMIN)).get(PAYMENTS, parameters)

    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert [error["parameter"] for error in response.json()["errors"]] == [name]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.STORE_STAFF])
def test_a_page_costs_one_query_however_long_it_is(
    role: Role, client_for: ClientFor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    store = make_store()
    product = make_product(store)
    for _ in range(5):
        make_payment(order=make_order(product=product))
    client = client_for(make_user(role, stores=(store,)))

    with django_assert_max_num_queries(1):
        assert len(ids(client.get(PAYMENTS))) == 5
