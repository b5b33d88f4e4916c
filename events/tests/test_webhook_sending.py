"""From the event to the receiver and back into the log."""

import json
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from events.envelopes import Envelope
from events.models import EventDelivery, WebhookAttempt
from events.tests.receivers import Receiver, Visit, failing, fine, hanging, receiver
from events.tests.webhooks import happen, impatient_with, make_due, make_endpoint, states
from events.webhooks import sending
from events.webhooks.sending import Sender

pytestmark = pytest.mark.django_db


def test_an_event_arrives_signed_as_the_envelope_everybody_gets(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        event = happen("order.paid")
        assert sender.run() == 1
    event.refresh_from_db()
    (request,) = there.received
    assert json.loads(request.body) == Envelope.of(event).as_json()
    assert Webhook(endpoint.secret).verify(request.body, request.headers) == Envelope.of(event).as_json()
    assert request.target == "/hooks"
    assert request.headers["webhook-id"] == str(event.event_id)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "delivery-platform-webhooks/1"
    assert request.headers["x-trace-id"] == event.correlation_id
    assert states(endpoint) == [("delivered", 1)]


def test_an_attempt_is_logged_with_excerpts(sender: Sender) -> None:
    with receiver(lambda visit: visit.answer(200, b"thank\x00you\x1b[2J " + "\u202e".encode())) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    attempt = WebhookAttempt.objects.get(delivery__endpoint=endpoint)
    assert (attempt.number, attempt.status_code, attempt.error) == (1, 200, "")
    assert attempt.request_excerpt == there.received[0].body.decode()
    assert attempt.response_excerpt == "thank\\x00you\\x1b[2J \\u202e"
    endpoint.refresh_from_db()
    assert endpoint.last_success_at is not None
    assert endpoint.failing_since is None


def test_of_three_receivers_one_fails_one_hangs_and_the_healthy_one_gets_everything(sender: Sender) -> None:
    with receiver(fine) as healthy, receiver(failing) as broken, receiver(hanging) as stuck:
        impatient_with(sender, stuck.url)
        well, ill, deaf = make_endpoint(healthy.url), make_endpoint(broken.url), make_endpoint(stuck.url)
        events = [happen(subject_id=uuid4()) for _ in range(6)]
        sender.run()
    assert sorted(healthy.ids) == sorted(str(event.event_id) for event in events)
    assert states(well) == [("delivered", 1)] * 6
    assert states(ill) == [("pending", 1)] * 6
    assert states(deaf) == [("pending", 1)] * 6
    errors = EventDelivery.objects.filter(endpoint__in=[ill, deaf]).values_list("endpoint", "last_error").distinct()
    assert set(errors) == {(ill.pk, "answered 503"), (deaf.pk, "no complete answer within 0.05 s")}


def test_the_events_of_one_subject_keep_their_order_over_a_failure(sender: Sender) -> None:
    subject = uuid4()
    answers = iter([503, 200, 200, 200])
    with receiver(lambda visit: visit.answer(next(answers))) as there:
        endpoint = make_endpoint(there.url)
        first, second = happen("order.created", subject_id=subject), happen("order.paid", subject_id=subject)
        assert sender.run() == 1
        other = happen("order.created")
        sender.run()
        make_due()
        sender.run()
    assert there.ids == [str(event.event_id) for event in (first, other, first, second)]
    assert states(endpoint) == [("delivered", 2), ("delivered", 1), ("delivered", 1)]


def let_go_of(there: Receiver) -> None:
    there.closing.set()


def answer_when_let_go(visit: Visit) -> None:
    visit.hang()
    visit.answer()


def test_a_run_that_lasts_too_long_is_continued_by_a_successor(sender: Sender) -> None:
    with receiver(answer_when_let_go) as there:
        endpoint = make_endpoint(there.url)
        happen()
        with patch.object(sending, "RUN_SECONDS", 0), patch.object(sending, "wake") as wake:
            assert sender.run() == 0
        wake.assert_called_once_with("events.send_webhooks")
        assert states(endpoint) == [("pending", 1)]
        let_go_of(there)
        assert sender.run() == 1
    assert states(endpoint) == [("delivered", 1)]


def test_a_worker_that_is_to_stop_waits_for_its_answers_and_claims_nothing_more(sender: Sender) -> None:
    is_stopping = False

    def stop(visit: Visit) -> None:
        nonlocal is_stopping
        is_stopping = True
        visit.answer()

    sender._should_stop = lambda: is_stopping
    subject = uuid4()
    with receiver(stop) as there:
        endpoint = make_endpoint(there.url)
        happen(subject_id=subject)
        happen(subject_id=subject)
        assert sender.run() == 1
        assert sender.run() == 0
    assert states(endpoint) == [("delivered", 1), ("pending", 0)]


def test_nothing_is_asked_of_the_database_twice_where_nothing_is_due(
    sender: Sender, django_assert_num_queries: Any
) -> None:
    make_endpoint()
    with django_assert_num_queries(2):
        assert sender.run() == 0


def test_an_event_that_cannot_be_put_into_a_request_fails_alone(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    with receiver() as there:
        broken, sound = make_endpoint(there.url, secret="whsec_short"), make_endpoint(there.url)
        happen()
        sender.run()
    assert states(sound) == [("delivered", 1)]
    assert broken.deliveries.get().last_error == "the request could not be made"
    assert "no request could be made" in caplog.text
