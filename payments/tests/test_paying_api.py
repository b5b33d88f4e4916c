"""POST /api/v2/payments."""

import html
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from api.identifiers import uuid7
from events.models import Event
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.states import OrderStatus, PaymentMethod
from orders.tests.factories import SYSTEM, make_order, make_store, make_user, pay
from payments.models import Payment, PaymentStatus
from payments.tests.conftest import ClientFor, facts, published
from payments.tests.factories import PAYMENTS, make_payment

pytestmark = pytest.mark.django_db


def post(client_for: ClientFor, user: User, content: dict[str, Any], *, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return client_for(user).post(PAYMENTS, content, format="json", headers=headers)


def online(order: Order, token: str = "tok_success") -> dict[str, str]:
    return {"order_id": str(order.id), "token": token}


def external(order: Order, **changes: str) -> dict[str, str]:
    return {
        "order_id": str(order.id),
        "provider": "external",
        "reference": "shop-1001",
        "amount": str(order.total),
        **changes,
    }


def integrator_of(order: Order) -> User:
    return make_user(Role.INTEGRATOR, stores=(order.store,))


def assert_refused(response: Any, status: int, code: str, **members: object) -> None:
    """And nothing was written down."""
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert {name: problem[name] for name in members} == members
    assert not Event.objects.filter(type__startswith="payment").exists()


def test_a_customer_pays_their_order(client_for: ClientFor) -> None:
    order = make_order()

    response = post(client_for, order.placed_by, online(order))

    payment = Payment.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"{PAYMENTS}/{payment.id}"
    assert response["ETag"] == '"1"'
    answer = response.json()
    assert {name: answer.pop(name) for name in ("created_at", "updated_at")}
    assert answer == {
        "id": str(payment.id),
        "order_id": str(order.id),
        "status": "pending",
        "amount": "5.00",
        "currency": "EUR",
        "provider": "simulated",
        "captured_amount": "0.00",
        "captured_currency": "",
        "refunded_amount": "0.00",
        "review_reason": "",
        "failure_reason": None,
        "reference": "",
        "version": 1,
    }
    assert (payment.token, payment.created_by_id) == ("tok_success", order.placed_by_id)
    assert payment.submit_at is not None
    assert facts() == ["order.created"]


def test_from_then_on_the_orders_total_stands(client_for: ClientFor) -> None:
    order = make_order()

    post(client_for, order.placed_by, online(order))

    order.refresh_from_db()
    assert order.payment_started_at is not None


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER, Role.INTEGRATOR])
def test_those_who_see_the_order_may_start_its_payment(role: Role, client_for: ClientFor) -> None:
    order = make_order()
    stores = (order.store,) if role == Role.INTEGRATOR else ()

    assert post(client_for, make_user(role, stores=stores), online(order)).status_code == 201


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER])
def test_those_without_the_scope_may_not(role: Role, client_for: ClientFor) -> None:
    order = make_order()

    response = post(client_for, make_user(role, stores=(order.store,)), online(order))

    assert_refused(response, 403, "insufficient_scope", required_scopes=["payments:write"])
    assert not Payment.objects.exists()


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.INTEGRATOR])
def test_a_foreign_order_is_not_found(role: Role, client_for: ClientFor) -> None:
    order = make_order()
    foreigner = make_user(role, stores=(make_store(),) if role == Role.INTEGRATOR else ())

    assert_refused(post(client_for, foreigner, online(order)), 404, "order_not_found")
    assert not Payment.objects.exists()


def test_an_unknown_order_is_not_found(client_for: ClientFor) -> None:
    response = post(client_for, make_user(), {"order_id": str(uuid7()), "token": "tok_success"})

    assert_refused(response, 404, "order_not_found")


def test_an_unknown_token_is_refused_at_its_place(client_for: ClientFor) -> None:
    order = make_order()

    response = post(client_for, order.placed_by, online(order, "tok_unknown"))

    assert_refused(response, 400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == ["/token"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("content", "pointers"),
    [
        ({}, ["/order_id", "/token"]),
        ({"order_id": "x", "token": "tok_success"}, ["/order_id"]),
        ({"order_id": str(uuid7()), "token": "tok_success", "amount": "1.00"}, ["/amount"]),
        ({"provider": "external"}, ["/order_id", "/reference", "/amount"]),
        ({"provider": "simulated", "order_id": str(uuid7())}, ["/provider", "/reference", "/amount"]),
        ({"provider": "cash", "order_id": str(uuid7()), "reference": "r", "amount": "1.00"}, ["/provider"]),
        (
            {
                "provider": "external",
                "order_id": str(uuid7()),
                "reference": "r",
                "amount": "1.00",
                "token": "tok_success",
            },
            ["/token"],
        ),
        (
            {"provider": "external", "order_id": str(uuid7()), "reference": "r" * 101, "amount": "1.001"},
            ["/reference", "/amount"],
        ),
    ],
)
def test_a_malformed_request_is_refused(content: dict[str, str], pointers: list[str], client_for: ClientFor) -> None:
    response = post(client_for, make_user(Role.INTEGRATOR), content)

    assert_refused(response, 400, "invalid_request")
    assert sorted(error["pointer"] for error in response.json()["errors"]) == sorted(pointers)


def test_a_body_that_is_no_object_is_refused(client_for: ClientFor) -> None:
    response = client_for(make_user()).post(PAYMENTS, ["x"], format="json", headers={"Idempotency-Key": "k"})

    assert_refused(response, 400, "invalid_request")


def test_the_idempotency_key_is_required(client_for: ClientFor) -> None:
    order = make_order()

    response = client_for(order.placed_by).post(PAYMENTS, online(order), format="json")

    assert_refused(response, 400, "idempotency_key_missing")
    assert not Payment.objects.exists()


def test_the_same_key_answers_the_same_payment(client_for: ClientFor) -> None:
    order = make_order()
    first = post(client_for, order.placed_by, online(order), key="k-1")

    second = post(client_for, order.placed_by, online(order), key="k-1")

    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Idempotent-Replayed"] == "true"
    assert Payment.objects.count() == 1


def test_a_second_payment_is_refused_naming_the_first(client_for: ClientFor) -> None:
    payment = make_payment()

    response = post(client_for, payment.order.placed_by, online(payment.order))

    assert_refused(response, 409, "payment_exists", payment_id=str(payment.id))
    assert Payment.objects.count() == 1


def test_a_cancelled_order_cannot_be_paid(client_for: ClientFor) -> None:
    order = make_order()
    cancel_order(order.id, actor=SYSTEM, reason="test")

    response = post(client_for, order.placed_by, online(order))

    assert_refused(response, 409, "order_not_payable", order_status="cancelled")
    assert not Payment.objects.exists()


def test_an_order_paid_otherwise_cannot_be_paid(client_for: ClientFor) -> None:
    order = pay(make_order())

    response = post(client_for, order.placed_by, online(order))

    assert_refused(response, 409, "order_not_payable", order_status="paid")
    assert not Payment.objects.exists()


@pytest.mark.parametrize("method", [PaymentMethod.CASH, PaymentMethod.EXTERNAL])
def test_an_order_with_another_method_is_not_paid_online(method: PaymentMethod, client_for: ClientFor) -> None:
    order = make_order(payment_method=method)

    response = post(client_for, order.placed_by, online(order))

    assert_refused(response, 409, "payment_method_mismatch", payment_method=method.value)
    assert not Payment.objects.exists()


def test_an_integrators_statement_pays_the_order_at_once(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.EXTERNAL)

    response = post(client_for, integrator_of(order), external(order))

    payment = Payment.objects.get()
    answer = response.json()
    assert response.status_code == 201
    assert (answer["status"], answer["provider"], answer["reference"]) == ("succeeded", "external", "shop-1001")
    assert (answer["amount"], answer["captured_amount"]) == ("5.00", "5.00")
    assert payment.submit_at is None
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert facts() == ["order.created", "payment.succeeded", "order.paid"]


def test_a_statement_of_another_amount_waits_for_review(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.EXTERNAL)

    response = post(client_for, integrator_of(order), external(order, amount="4.00"))

    answer = response.json()
    assert response.status_code == 201
    assert (answer["status"], answer["captured_amount"]) == ("pending", "4.00")
    assert answer["review_reason"] == "captured 4.00 EUR instead of 5.00 EUR"
    order.refresh_from_db()
    assert (order.status, order.expires_at) == (OrderStatus.CREATED, None)
    assert [event.type for event in published("payment.review_needed", "payment.succeeded")] == [
        "payment.review_needed"
    ]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.DISPATCHER, Role.ADMIN])
def test_only_integrators_may_state_an_external_payment(role: Role, client_for: ClientFor) -> None:
    user = make_user(role)
    order = make_order(
        customer=user if role == Role.CUSTOMER else None,
        payment_method=PaymentMethod.EXTERNAL,
    )

    assert_refused(post(client_for, user, external(order)), 403, "external_payment_refused")
    assert not Payment.objects.exists()
    order.refresh_from_db()
    assert order.status == OrderStatus.CREATED


def test_a_foreign_integrator_does_not_find_the_order(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.EXTERNAL)

    response = post(client_for, make_user(Role.INTEGRATOR, stores=(make_store(),)), external(order))

    assert_refused(response, 404, "order_not_found")


def test_a_statement_for_an_order_that_was_to_be_paid_online_says_how_it_was_paid(client_for: ClientFor) -> None:
    order = make_order()

    response = post(client_for, integrator_of(order), external(order))

    assert (response.status_code, response.json()["status"]) == (201, "succeeded")
    order.refresh_from_db()
    assert (order.status, order.payment_method) == (OrderStatus.PAID, PaymentMethod.EXTERNAL)
    assert facts() == ["order.created", "order.updated", "payment.succeeded", "order.paid"]


def test_an_order_that_is_being_paid_online_is_not_paid_externally(client_for: ClientFor) -> None:
    payment = make_payment()

    response = post(client_for, integrator_of(payment.order), external(payment.order))

    assert_refused(response, 409, "payment_exists", payment_id=str(payment.id))
    payment.order.refresh_from_db()
    assert payment.order.payment_method == PaymentMethod.ONLINE


def test_a_cash_order_is_not_paid_externally(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.CASH)

    response = post(client_for, integrator_of(order), external(order))

    assert_refused(response, 409, "payment_method_mismatch", payment_method="cash")
    assert not Payment.objects.exists()


def test_a_second_statement_is_refused_naming_the_first(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.EXTERNAL)
    integrator = integrator_of(order)
    post(client_for, integrator, external(order))

    response = post(client_for, integrator, external(order))

    payment = Payment.objects.get()
    assert (response.status_code, response.json()["code"]) == (409, "payment_exists")
    assert response.json()["payment_id"] == str(payment.id)
    assert payment.status == PaymentStatus.SUCCEEDED


def test_the_browsable_form_names_the_order_that_waits_to_be_paid(client: Client) -> None:
    paid = make_payment()
    waiting = make_order(customer=paid.order.placed_by)
    client.force_login(paid.order.placed_by)

    page = html.unescape(client.get(PAYMENTS, headers={"Accept": "text/html"}).content.decode())

    body = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, flags=re.DOTALL)
    assert body is not None
    assert json.loads(body.group(1)) == {"order_id": str(waiting.id), "token": "tok_success"}
