"""What each test token makes the simulated provider owe, and how it pays: by HTTP, signed, again and again."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from django.utils import timezone

from api.request_ids import request_context
from orders.tests.factories import make_order
from payments.models import Payment, SimulatedCallback
from payments.providers import simulated_callbacks
from payments.providers.signatures import verify_signature
from payments.providers.simulated import BEHAVIOURS, SimulatedToken
from payments.providers.simulated_callbacks import REFUSED, UNREACHABLE, send_due_callbacks
from payments.services.submitting import submit_due
from payments.tests.conftest import ClientFor
from payments.tests.factories import PAYMENTS, make_submitted_payment

pytestmark = pytest.mark.django_db

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def answered_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Puts a function in the place of the network."""

    def answer_with(answer: Answer) -> None:
        client = httpx.Client

        def connected(**options: Any) -> httpx.Client:
            return client(**{**options, "transport": httpx.MockTransport(answer)})

        monkeypatch.setattr(httpx, "Client", connected)

    return answer_with


def owed(payment: Payment) -> list[dict[str, Any]]:
    return [json.loads(callback.body) for callback in payment.simulated_callbacks.order_by("ordinal")]


def test_every_token_has_its_behaviour() -> None:
    assert set(BEHAVIOURS) == set(SimulatedToken)


def test_success_owes_one_callback_now() -> None:
    payment = make_submitted_payment(token="tok_success")

    assert owed(payment) == [
        {
            "event_id": f"sim_{payment.id.hex}",
            "type": "payment.succeeded",
            "payment_id": str(payment.id),
            "amount": "5.00",
            "currency": "EUR",
        }
    ]
    assert payment.simulated_callbacks.filter(submit_at__lte=timezone.now()).count() == 1


def test_declined_owes_a_failure() -> None:
    (body,) = owed(make_submitted_payment(token="tok_declined"))

    assert (body["type"], body["amount"]) == ("payment.failed", "5.00")


def test_timeout_owes_nothing() -> None:
    payment = make_submitted_payment(token="tok_timeout")

    assert owed(payment) == []
    assert payment.submit_at is None, "it was handed over all the same"


def test_duplicate_owes_the_same_event_twice() -> None:
    first, second = owed(make_submitted_payment(token="tok_duplicate"))

    assert first == second


def test_late_owes_it_after_the_order_has_expired(settings: Any) -> None:
    settings.SIMULATED_LATE_SECONDS = 5.0
    payment = make_submitted_payment(token="tok_late")

    callback = payment.simulated_callbacks.get()
    assert payment.order.expires_at is not None
    assert callback.submit_at == payment.order.expires_at + timedelta(seconds=5)


def test_wrong_amount_owes_another_amount() -> None:
    (body,) = owed(make_submitted_payment(token="tok_wrong_amount"))

    assert (body["type"], body["amount"]) == ("payment.succeeded", "6.00")


def test_it_calls_the_installation_where_it_reaches_itself(
    settings: Any, answered_by: Callable[[Answer], None]
) -> None:
    settings.INTERNAL_URL = "http://inside.example:9000"
    with request_context(trace_id="order-1"):
        payment = make_submitted_payment()
    requests: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200)

    answered_by(take)
    with request_context(request_id="request-1", trace_id="trace-1"):
        assert send_due_callbacks() == 1

    (request,) = requests
    assert (request.method, str(request.url)) == (
        "POST",
        "http://inside.example:9000/api/v2/payments/webhooks/simulated",
    )
    assert request.headers["Content-Type"] == "application/json"
    assert (request.headers["X-Request-ID"], request.headers["X-Trace-ID"]) == ("request-1", "order-1")
    assert json.loads(request.content)["payment_id"] == str(payment.id)
    verify_signature(
        request.headers["X-Signature"],
        request.content,
        secret=settings.SIMULATED_PROVIDER_SECRET,
        now=timezone.now().timestamp(),
    )


def test_without_a_setting_it_calls_where_the_payer_found_us(
    settings: Any, answered_by: Callable[[Answer], None], client_for: ClientFor
) -> None:
    settings.INTERNAL_URL = ""
    order = make_order()
    client_for(order.placed_by).post(
        PAYMENTS,
        {"order_id": str(order.id), "token": "tok_success"},
        format="json",
        headers={"Idempotency-Key": "k-1", "Host": "shop.example:8123"},
    )
    submit_due()
    called: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return httpx.Response(200)

    answered_by(take)
    assert send_due_callbacks() == 1
    assert called == ["http://shop.example:8123/api/v2/payments/webhooks/simulated"]


def test_an_answered_callback_is_not_sent_again(answered_by: Callable[[Answer], None]) -> None:
    payment = make_submitted_payment()
    answered_by(lambda request: httpx.Response(204))
    send_due_callbacks()

    assert send_due_callbacks() == 0

    callback = payment.simulated_callbacks.get()
    assert callback.answered_at is not None
    assert (callback.submit_at, callback.leased_until, callback.submit_attempts) == (None, None, 1)


def test_the_sender_has_a_time_limit(answered_by: Callable[[Answer], None]) -> None:
    make_submitted_payment()
    limits: list[Any] = []

    def take(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(200)

    answered_by(take)
    send_due_callbacks()

    assert limits == [{"connect": 10.0, "read": 10.0, "write": 10.0, "pool": 10.0}]


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


@pytest.mark.parametrize(
    ("answer", "policy", "error"),
    [
        (unreachable, UNREACHABLE, "ConnectError: nobody listens"),
        (lambda request: httpx.Response(500), UNREACHABLE, "answered 500"),
        (lambda request: httpx.Response(503), UNREACHABLE, "answered 503"),
        (lambda request: httpx.Response(301, headers={"Location": "/"}), UNREACHABLE, "answered 301"),
        (lambda request: httpx.Response(408), UNREACHABLE, "answered 408"),
        (lambda request: httpx.Response(429), UNREACHABLE, "answered 429"),
        (lambda request: httpx.Response(404), REFUSED, "answered 404"),
        (lambda request: httpx.Response(401), REFUSED, "answered 401"),
    ],
    ids=["unreachable", "500", "503", "redirect", "408", "429", "404", "401"],
)
def test_a_failed_callback_is_sent_again_until_the_attempts_are_used_up(
    answer: Answer, policy: Any, error: str, answered_by: Callable[[Answer], None]
) -> None:
    callback = make_submitted_payment().simulated_callbacks.get()
    answered_by(answer)
    before = timezone.now()

    assert send_due_callbacks() == 1

    callback.refresh_from_db()
    assert callback.last_error == error
    assert (callback.answered_at, callback.leased_until) == (None, None)
    assert callback.submit_at is not None
    assert before <= callback.submit_at - timedelta(seconds=1) <= timezone.now()

    SimulatedCallback.objects.update(submit_attempts=policy.attempts - 1, submit_at=before)
    assert send_due_callbacks() == 1

    given_up = SimulatedCallback.objects.get()
    assert (given_up.submit_at, given_up.answered_at) == (None, None)


def test_an_unreachable_installation_is_called_for_days() -> None:
    pauses = [UNREACHABLE.pause_after(attempt) or timedelta(0) for attempt in range(1, UNREACHABLE.attempts + 1)]

    assert timedelta(days=3) < sum(pauses, timedelta(0)) < timedelta(days=4)


def test_one_callback_that_fails_does_not_hold_up_the_others(answered_by: Callable[[Answer], None]) -> None:
    first, second = make_submitted_payment(), make_submitted_payment()

    def refuse_first(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500 if str(first.id).encode() in request.content else 200)

    answered_by(refuse_first)

    assert send_due_callbacks() == 2
    assert first.simulated_callbacks.get().answered_at is None
    assert second.simulated_callbacks.get().answered_at is not None


def test_a_sender_killed_while_calling_is_followed_by_another(answered_by: Callable[[Answer], None]) -> None:
    class Killed(BaseException):
        pass

    make_submitted_payment()
    answered_by(lambda request: httpx.Response(200))
    with patch.object(simulated_callbacks, "_record", side_effect=Killed), pytest.raises(Killed):
        send_due_callbacks()
    assert send_due_callbacks() == 0, "the lease keeps others away"
    SimulatedCallback.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    assert send_due_callbacks() == 1


def test_nothing_is_opened_when_nothing_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(httpx, "Client")

    assert send_due_callbacks() == 0
