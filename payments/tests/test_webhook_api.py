"""POST /api/v2/payments/webhooks/simulated."""

import json
import time
from typing import Any

import pytest
from django.test import Client

from api.identifiers import uuid7
from orders.states import OrderStatus
from payments.models import Payment, PaymentStatus, ProviderEvent
from payments.tests.factories import WEBHOOK, make_submitted_payment, notice_body, post_webhook, signed

pytestmark = pytest.mark.django_db


def assert_refused(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert not ProviderEvent.objects.exists()
    for payment in Payment.objects.select_related("order"):
        assert (payment.status, payment.order.status) == (PaymentStatus.PENDING, OrderStatus.CREATED)


def test_a_signed_notice_is_taken_without_any_credentials() -> None:
    payment = make_submitted_payment()

    response = post_webhook(notice_body(payment.id))

    assert (response.status_code, response.json()) == (200, {"outcome": "paid"})
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED


def test_credentials_of_somebody_else_are_not_looked_at() -> None:
    body = notice_body(make_submitted_payment().id)

    response = Client().post(
        WEBHOOK,
        body,
        content_type="application/json",
        headers={"X-Signature": signed(body), "Authorization": "Bearer nonsense"},
    )

    assert response.status_code == 200


def test_a_repeated_notice_is_answered_200() -> None:
    body = notice_body(make_submitted_payment().id)
    post_webhook(body)

    response = post_webhook(body)

    assert (response.status_code, response.json()) == (200, {"outcome": "repeated"})
    assert ProviderEvent.objects.count() == 1


def test_a_failed_payment_is_taken() -> None:
    payment = make_submitted_payment()

    response = post_webhook(notice_body(payment.id, type="payment.failed"))

    assert (response.status_code, response.json()) == (200, {"outcome": "failed"})


@pytest.mark.parametrize("signature", ["", "nonsense", "t=1,v1=00", "t=1800000000"])
def test_a_malformed_signature_is_refused(signature: str) -> None:
    body = notice_body(make_submitted_payment().id)

    assert_refused(post_webhook(body, signature=signature), 401, "invalid_signature")


def test_a_missing_signature_is_refused() -> None:
    body = notice_body(make_submitted_payment().id)

    assert_refused(Client().post(WEBHOOK, body, content_type="application/json"), 401, "invalid_signature")


def test_a_forged_signature_is_refused() -> None:
    body = notice_body(make_submitted_payment().id)

    assert_refused(post_webhook(body, signature=signed(body, secret="guessed")), 401, "invalid_signature")


def test_a_signature_of_another_body_is_refused() -> None:
    payment = make_submitted_payment()
    stolen = signed(notice_body(payment.id, amount="0.01"))

    assert_refused(post_webhook(notice_body(payment.id), signature=stolen), 401, "invalid_signature")


@pytest.mark.parametrize("age_seconds", [302, -302])
def test_a_replay_outside_of_five_minutes_is_refused(age_seconds: int) -> None:
    body = notice_body(make_submitted_payment().id)

    response = post_webhook(body, signature=signed(body, at=time.time() - age_seconds))

    assert_refused(response, 401, "stale_signature")


def test_the_signature_is_checked_before_the_body_is_read() -> None:
    assert_refused(post_webhook(b"{", signature=signed(b"[")), 401, "invalid_signature")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"amount": NaN}'])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    assert_refused(post_webhook(body), 400, "malformed_request")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5"])
def test_a_body_that_is_not_an_object_is_refused(body: bytes) -> None:
    assert_refused(post_webhook(body), 400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"event_id": ""}, "/event_id"),
        ({"event_id": "e" * 129}, "/event_id"),
        ({"event_id": 5}, "/event_id"),
        ({"type": "payment.refunded"}, "/type"),
        ({"payment_id": "not-a-uuid"}, "/payment_id"),
        ({"amount": "5.001"}, "/amount"),
        ({"amount": "-5.00"}, "/amount"),
        ({"amount": 5.0}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"amount": "99999999999.00"}, "/amount"),
        ({"currency": "eur"}, "/currency"),
        ({"currency": "EURO"}, "/currency"),
        ({"currency": None}, "/currency"),
        ({"surprise": True}, "/surprise"),
    ],
)
def test_a_malformed_notice_is_refused_naming_the_place(changes: dict[str, object], pointer: str) -> None:
    response = post_webhook(notice_body(make_submitted_payment().id, **changes))

    assert_refused(response, 400, "invalid_request")
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}


@pytest.mark.parametrize("missing", ["event_id", "type", "payment_id", "amount", "currency"])
def test_an_incomplete_notice_is_refused(missing: str) -> None:
    content = json.loads(notice_body(make_submitted_payment().id))
    del content[missing]

    response = post_webhook(json.dumps(content).encode())

    assert_refused(response, 400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{missing}"]


def test_an_unknown_payment_is_404() -> None:
    assert_refused(post_webhook(notice_body(uuid7())), 404, "payment_not_found")


def test_an_oversized_body_is_refused_without_being_hashed(settings: Any) -> None:
    body = notice_body(make_submitted_payment().id) + b" " * settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    assert_refused(post_webhook(body), 413, "payload_too_large")


def test_only_post_is_allowed() -> None:
    response = Client().get(WEBHOOK)

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
