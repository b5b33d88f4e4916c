"""From the event to the receiver and back into the log."""

import json
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from events.envelopes import Envelope
from events.models import EventDelivery, WebhookAttempt
from events.tests.receivers import failing, fine, hanging, receiver
from events.tests.webhooks import happen, impatient_with, make_due, make_endpoint, states
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
