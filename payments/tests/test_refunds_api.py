"""GET and POST /api/v2/payments/{id}/refunds."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from api.identifiers import uuid7
from orders.tests.factories import make_store, make_user
from payments.models import Payment, Refund, RefundStatus
from payments.services.submitting import submit_due
from payments.tests.conftest import ClientFor, published
from payments.tests.factories import (
    PAYMENTS,
    make_captured_payment,
    make_external_payment,
    make_payment,
    make_payment_in_review,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatcher(client_for: ClientFor) -> Any:
    return client_for(make_user(Role.DISPATCHER))


def url(payment: Payment) -> str:
    return f"{PAYMENTS}/{payment.id}/refunds"


def ask(client: Any, payment: Payment, amount: str = "2.00", **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(url(payment), {"amount": amount, "reason": "broken jar"}, format="json", headers=names)


def assert_refused(response: Any, status: int, code: str, **members: object) -> None:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert {name: problem[name] for name in members} == members
    assert not Refund.objects.exists()


def test_a_refund_is_under_way_until_the_provider_has_made_it(dispatcher: Any) -> None:
    payment = make_captured_payment()

    response = ask(dispatcher, payment)

    refund = Refund.objects.get()
    answer = response.json()
    assert response.status_code == 201
    assert {name: answer.pop(name) for name in ("created_at", "updated_at")}
    assert answer == {
        "id": str(refund.id),
        "payment_id": str(payment.id),
        "status": "pending",
        "amount": "2.00",
        "currency": "EUR",
        "reason": "broken jar",
        "failure_reason": "",
    }
    assert dispatcher.get(f"{PAYMENTS}/{payment.id}").json()["refunded_amount"] == "0.00"

    submit_due()

    assert dispatcher.get(url(payment)).json()["results"][0]["status"] == "succeeded"
    assert dispatcher.get(f"{PAYMENTS}/{payment.id}").json()["refunded_amount"] == "2.00"


def test_what_moves_outside_is_refunded_at_once(client_for: ClientFor) -> None:
    payment = make_external_payment()
    integrator = make_user(Role.INTEGRATOR, stores=(payment.order.store,))

    response = ask(client_for(integrator), payment)

    assert (response.status_code, response.json()["status"]) == (201, "succeeded")
    refund = Refund.objects.get()
    assert (refund.submit_at, refund.created_by_id) == (None, integrator.id)
    assert [event.subject_id for event in published("refund.succeeded")] == [refund.id]


def test_several_refunds_add_up_to_what_was_captured_and_no_further(dispatcher: Any) -> None:
    payment = make_captured_payment()
    assert ask(dispatcher, payment, "2.00").status_code == 201
    assert ask(dispatcher, payment, "2.99").status_code == 201

    response = ask(dispatcher, payment, "0.02")

    assert (response.status_code, response.json()["code"]) == (409, "refund_exceeds_captured")
    assert (response.json()["refundable"], response.json()["currency"]) == ("0.01", "EUR")
    assert ask(dispatcher, payment, "0.01").status_code == 201
    assert sum(refund.amount for refund in Refund.objects.all()) == Decimal("5.00")


def test_a_failed_refund_does_not_count(dispatcher: Any) -> None:
    payment = make_captured_payment()
    ask(dispatcher, payment, "5.00")
    Refund.objects.update(status=RefundStatus.FAILED)

    assert ask(dispatcher, payment, "5.00").status_code == 201


def test_nothing_is_refunded_before_anything_was_captured(dispatcher: Any) -> None:
    assert_refused(ask(dispatcher, make_payment()), 409, "refund_exceeds_captured", refundable="0.00", currency="EUR")


def test_what_was_taken_too_much_can_go_back_during_the_review(dispatcher: Any) -> None:
    payment = make_payment_in_review(captured="6.00")

    assert ask(dispatcher, payment, "1.00").status_code == 201


@pytest.mark.parametrize(
    ("content", "pointers"),
    [
        ({}, ["/amount", "/reason"]),
        ({"amount": "0.00", "reason": "r"}, ["/amount"]),
        ({"amount": "-1.00", "reason": "r"}, ["/amount"]),
        ({"amount": "0.001", "reason": "r"}, ["/amount"]),
        ({"amount": 1, "reason": "r"}, ["/amount"]),
        ({"amount": "1.00", "reason": ""}, ["/reason"]),
        ({"amount": "1.00", "reason": "r" * 301}, ["/reason"]),
        ({"amount": "1.00", "reason": "r", "currency": "EUR"}, ["/currency"]),
    ],
)
def test_a_malformed_refund_is_refused(content: dict[str, object], pointers: list[str], dispatcher: Any) -> None:
    response = dispatcher.post(url(make_captured_payment()), content, format="json")

    assert_refused(response, 400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == pointers


def test_customers_do_not_refund_themselves(client_for: ClientFor) -> None:
    payment = make_captured_payment()

    assert_refused(ask(client_for(payment.order.placed_by), payment), 403, "refund_not_allowed")


def test_store_staff_lack_the_scope(client_for: ClientFor) -> None:
    payment = make_captured_payment()
    client = client_for(make_user(Role.STORE_STAFF, stores=(payment.order.store,)))

    assert_refused(ask(client, payment), 403, "insufficient_scope", required_scopes=["payments:write"])


def test_foreign_and_unknown_payments_are_not_found(client_for: ClientFor, dispatcher: Any) -> None:
    payment = make_captured_payment()

    assert_refused(ask(client_for(make_user()), payment), 404, "payment_not_found")
    foreign = client_for(make_user(Role.INTEGRATOR, stores=(make_store(),)))
    assert_refused(ask(foreign, payment), 404, "payment_not_found")
    assert foreign.get(url(payment)).status_code == 404
    assert_refused(ask(dispatcher, Payment(id=uuid7())), 404, "payment_not_found")


def test_the_same_key_refunds_once(dispatcher: Any) -> None:
    payment = make_captured_payment()
    first = ask(dispatcher, payment, Idempotency_Key="k-1")

    second = ask(dispatcher, payment, Idempotency_Key="k-1")

    assert (second.status_code, second.json()) == (201, first.json())
    assert Refund.objects.count() == 1


def test_two_who_read_the_same_version_do_not_both_refund(dispatcher: Any) -> None:
    payment = make_captured_payment()
    tag = dispatcher.get(url(payment))["ETag"]
    assert tag == dispatcher.get(f"{PAYMENTS}/{payment.id}")["ETag"]
    assert ask(dispatcher, payment, If_Match=tag).status_code == 201

    response = ask(dispatcher, payment, If_Match=tag)

    assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")
    assert response["ETag"] == dispatcher.get(f"{PAYMENTS}/{payment.id}")["ETag"]
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STORE_STAFF, Role.INTEGRATOR, Role.ADMIN])
def test_those_who_see_the_payment_see_its_refunds(role: Role, client_for: ClientFor, dispatcher: Any) -> None:
    payment = make_captured_payment()
    for amount in ("1.00", "2.00"):
        ask(dispatcher, payment, amount)

    def reader() -> User:
        return payment.order.placed_by if role == Role.CUSTOMER else make_user(role, stores=(payment.order.store,))

    client = client_for(reader())
    page = client.get(url(payment), {"limit": "1"}).json()
    assert [refund["amount"] for refund in page["results"]] == ["2.00"]
    rest = client.get(page["next"]).json()
    assert [refund["amount"] for refund in rest["results"]] == ["1.00"]
    assert rest["next"] is None
