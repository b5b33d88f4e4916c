"""What becomes of a delivery and of its endpoint after an attempt."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from accounts.models import User
from accounts.reach import answers_stores_of
from accounts.roles import Role
from accounts.tests.factories import client_of, make_user
from api.identifiers import uuid7
from events.models import Event, EventDelivery, WebhookAttempt, WebhookEndpoint
from events.services.endpoints import change_endpoint, ping_endpoint
from events.services.sequencing import sequence_new_events
from events.tests.receivers import Behaviour, Visit, failing, receiver
from events.tests.webhooks import happen, impatient_with, make_due, make_endpoint, states
from events.webhooks import recording
from events.webhooks.claiming import claim_due
from events.webhooks.lines import Lines
from events.webhooks.schedule import LONGEST_WAIT_SECONDS, asked_wait, pause_after
from events.webhooks.sending import Sender

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAUSES = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]


def pause(delivery: EventDelivery) -> float:
    delivery.refresh_from_db()
    last = delivery.log.order_by("-id")[0]
    return (delivery.next_attempt_at - last.started_at).total_seconds()


def disabled_events() -> list[dict[str, Any]]:
    return list(Event.objects.filter(type="webhook_endpoint.disabled").values_list("data", flat=True))


def test_ten_attempts_over_three_days_then_a_dead_letter(sender: Sender) -> None:
    with receiver(failing) as there:
        endpoint = make_endpoint(there.url, event_types=["order.created"])
        event = happen()
        delivery = endpoint.deliveries.get()
        pauses = []
        for _ in range(9):
            sender.run()
            pauses.append(pause(delivery))
            make_due()
        assert states(endpoint) == [("pending", 9)]
        sender.run()
        make_due()
        assert sender.run() == 0
    for waited, planned in zip(pauses, PAUSES, strict=True):
        assert planned <= waited <= planned * 1.1 + 5
    assert there.ids == [str(event.event_id)] * 10
    assert states(endpoint) == [("dead", 10)]
    assert list(delivery.log.order_by("id").values_list("number", flat=True)) == list(range(1, 11))
    (dead,) = Event.objects.filter(type="event_delivery.dead")
    assert (dead.subject_id, dead.publisher_id) == (delivery.id, endpoint.owner_id)
    assert dead.data["reason"] == "answered 503"


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 300.0), (0.5, 315.0), (1.0, 330.0)])
def test_jitter_adds_up_to_a_tenth(chance: float, seconds: float) -> None:
    assert pause_after(2, schedule=PAUSES, now=NOW, chance=lambda: chance) == pytest.approx(seconds)


def test_the_last_attempt_has_no_pause_after_it() -> None:
    assert pause_after(9, schedule=PAUSES, now=NOW, chance=lambda: 0) == 86_400
    assert pause_after(10, schedule=PAUSES, now=NOW) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("120", 120),
        ("0", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("٣", 0),
        ("9" * 60, LONGEST_WAIT_SECONDS),
        (format_datetime(NOW + timedelta(minutes=7), usegmt=True), 420),
        (format_datetime(NOW - timedelta(minutes=7), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), LONGEST_WAIT_SECONDS),
        ("Sat, 21 Nov 2026 12:01:00 -0000", 0),
        ("Sat, 99 Nov 2026 12:01:00 GMT", 0),
        ("Sat, 21 Nov 999999999999999 12:01:00 GMT", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float) -> None:
    assert asked_wait(header, now=NOW) == seconds


@pytest.mark.parametrize(("header", "least"), [("600", 600.0), ("1", 5.0)])
def test_a_receiver_is_not_asked_again_before_it_wants_to_be(sender: Sender, header: str, least: float) -> None:
    with receiver(lambda visit: visit.answer(429, Retry_After=header)) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert least <= pause(endpoint.deliveries.get()) <= least * 1.1 + 5


def test_410_disables_at_once_and_tells_the_owner(sender: Sender) -> None:
    owner = make_user(Role.INTEGRATOR)
    with receiver(lambda visit: visit.answer(410)) as there:
        endpoint = make_endpoint(f"{there.url}?token=secret", owner=owner)
        happen(publisher_id=owner.pk)
        waiting = happen(publisher_id=owner.pk)
        EventDelivery.objects.filter(event=waiting).update(next_attempt_at=timezone.now() + timedelta(days=1))
        sender.run()
        sender.run()
    endpoint.refresh_from_db()
    reason = "the receiver answered 410 Gone"
    assert (endpoint.is_active, endpoint.disabled_reason, endpoint.version) == (False, reason, 2)
    assert list(endpoint.deliveries.values_list("state", "last_error")) == [("dead", reason)] * 2
    assert disabled_events() == [{"owner_id": str(owner.pk), "host": "127.0.0.1", "reason": reason}]
    event = Event.objects.get(type="webhook_endpoint.disabled")
    assert (event.publisher_id, event.subject_id, event.subject_version) == (owner.pk, endpoint.pk, 2)
    assert not Event.objects.filter(type="event_delivery.dead").exists()


def test_after_five_days_without_a_success_an_endpoint_is_disabled(sender: Sender) -> None:
    with receiver(failing) as there:
        endpoint = make_endpoint(there.url)
        WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=4, hours=23))
        happen()
        sender.run()
        endpoint.refresh_from_db()
        assert endpoint.is_active
        WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=5, seconds=1))
        make_due()
        sender.run()
        sender.run()
    endpoint.refresh_from_db()
    reason = "every attempt has failed for 5 days"
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, reason)
    assert list(endpoint.deliveries.values_list("state", "last_error")) == [("dead", reason)]
    assert [event["reason"] for event in disabled_events()] == [reason]


def test_a_success_ends_the_days_of_failing(sender: Sender) -> None:
    answers = iter([503, 200])
    with receiver(lambda visit: visit.answer(next(answers))) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
        endpoint.refresh_from_db()
        assert endpoint.failing_since is not None
        WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=9))
        make_due()
        sender.run()
    assert WebhookEndpoint.objects.values_list("is_active", "failing_since").get() == (True, None)
    assert states(endpoint) == [("delivered", 2)]


def test_an_endpoint_set_active_again_begins_with_what_happens_then(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        happen()
        WebhookEndpoint.objects.update(is_active=False, disabled_reason="gone", failing_since=timezone.now())
        happen()
        change_endpoint(endpoint.id, expected_version=1, is_active=True)
        news = happen()
        sender.run()
    endpoint.refresh_from_db()
    assert (endpoint.disabled_reason, endpoint.failing_since, endpoint.version) == ("", None, 2)
    assert there.ids == [str(news.event_id)]
    assert list(endpoint.deliveries.order_by("id").values_list("state", "last_error")) == [
        ("dead", "gone"),
        ("delivered", ""),
    ]


def test_an_endpoint_switched_off_loses_what_waits(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        happen()
        change_endpoint(endpoint.id, expected_version=1, is_active=False)
        happen()
        sender.run()
    assert there.received == []
    assert list(endpoint.deliveries.values_list("state", "last_error")) == [("dead", "switched off")]


def test_a_closed_account_gets_nothing_more(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        happen()
        User.objects.filter(pk=endpoint.owner_id).update(is_active=False)
        happen()
        sender.run()
    assert there.received == []
    assert list(endpoint.deliveries.values_list("state", "last_error")) == [
        ("dead", "the account of the endpoint's owner is not active")
    ]


def test_what_the_owner_may_not_see_any_more_is_withheld(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, left, kept = make_user(Role.INTEGRATOR), uuid7(), uuid7()
    stores = {left, kept}
    monkeypatch.setattr("accounts.reach._answers", [])
    answers_stores_of(lambda users: {owner.pk: frozenset(stores)})
    with receiver() as there:
        endpoint = make_endpoint(there.url, owner=owner)
        happen(store_id=left)
        shown = happen(store_id=kept)
        stores.remove(left)
        sender.run()
    assert there.ids == [str(shown.event_id)]
    assert list(endpoint.deliveries.order_by("id").values_list("state", "last_error")) == [
        ("dead", "withheld: its owner may not see this event any more"),
        ("delivered", ""),
    ]


def test_a_redirect_is_a_failure_and_not_followed(sender: Sender) -> None:
    with receiver() as inside, receiver(lambda visit: visit.answer(302, Location=inside.url)) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert inside.received == []
    assert endpoint.deliveries.get().last_error == "answered 302"


def dripping_head(visit: Visit) -> None:
    visit.say(b"HTTP/1.1 200 OK\r\n")
    while not visit.closing.wait(0.01):
        visit.say(b"X-Drip: drop\r\n")


def dripping_body(visit: Visit) -> None:
    visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not visit.closing.wait(0.01):
        visit.say(b"1\r\nx\r\n")


@pytest.mark.parametrize("behaviour", [dripping_head, dripping_body])
def test_an_answer_that_drips_is_over_at_the_deadline(sender: Sender, behaviour: Behaviour) -> None:
    with receiver(behaviour) as there:
        impatient_with(sender, there.url)
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert endpoint.deliveries.get().last_error == "no complete answer within 0.05 s"


def endless(visit: Visit) -> None:
    visit.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while not visit.closing.is_set():
        visit.say(b"x" * 65_536)


def test_of_an_answer_without_end_only_the_beginning_is_read(sender: Sender) -> None:
    with receiver(endless) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert states(endpoint) == [("delivered", 1)]
    assert WebhookAttempt.objects.get().response_excerpt == "x" * 1024 + "…"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(lambda visit: visit.connection.close(), "", id="hangs up"),
        pytest.param(lambda visit: visit.say(b"SSH-2.0-OpenSSH_9.6\r\n"), "the answer is not HTTP", id="no HTTP"),
        pytest.param(lambda visit: visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "", id="cut short"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(sender: Sender, behaviour: Behaviour, error: str) -> None:
    with receiver(behaviour) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert states(endpoint) == [("pending", 1)]
    assert WebhookAttempt.objects.get().status_code is None
    assert endpoint.deliveries.get().last_error.startswith(error or "the connection broke")


def test_nobody_there_is_a_failure(sender: Sender) -> None:
    with receiver() as there:
        pass
    endpoint = make_endpoint(there.url)
    happen()
    sender.run()
    assert endpoint.deliveries.get().last_error.startswith("no connection: ")


def test_cookies_are_not_kept(sender: Sender) -> None:
    with receiver(lambda visit: visit.answer(200, Set_Cookie="a=b")) as there:
        make_endpoint(there.url)
        happen()
        sender.run()
        happen()
        sender.run()
    assert ["cookie" in request.headers for request in there.received] == [False, False]


def test_proxies_of_the_environment_are_not_used(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as there:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        make_endpoint(there.url)
        happen()
        sender.run()
    assert (len(proxy.received), len(there.received)) == (0, 1)


def test_during_a_rotation_both_secrets_verify(sender: Sender) -> None:
    owner = make_user(Role.INTEGRATOR)
    with receiver() as there:
        endpoint = make_endpoint(there.url, owner=owner)
        new = client_of(owner).post(f"/api/v2/webhook-endpoints/{endpoint.id}/rotate-secret").json()["secret"]
        happen(publisher_id=owner.pk)
        sender.run()
        WebhookEndpoint.objects.update(previous_secret_expires_at=timezone.now())
        happen(publisher_id=owner.pk)
        sender.run()
    during, after = there.received
    for secret in (endpoint.secret, new):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(new).verify(after.body, after.headers)
    assert len(during.headers["webhook-signature"].split()) == 2
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(after.body, after.headers)


def test_a_ping_is_tried_once(sender: Sender) -> None:
    with receiver(failing) as there:
        endpoint = make_endpoint(there.url)
        ping_endpoint(endpoint.id)
        sequence_new_events()
        sender.run()
        make_due()
        sender.run()
    assert len(there.received) == 1
    assert states(endpoint) == [("dead", 1)]
    assert not Event.objects.filter(type="event_delivery.dead").exists()


def test_a_failure_of_a_worker_whose_lease_ran_out_takes_nothing_from_its_follower(sender: Sender) -> None:
    def locked(ids: list[UUID]) -> dict[UUID, EventDelivery]:
        """The row as another worker has claimed it meanwhile."""
        EventDelivery.objects.update(attempts=2, leased_until=lease)
        return {delivery.id: delivery for delivery in EventDelivery.objects.filter(id__in=ids)}

    lease = timezone.now() + timedelta(seconds=30)
    with receiver(failing) as there, patch.object(recording, "lock_deliveries", locked):
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
    assert list(endpoint.deliveries.values_list("attempts", "leased_until", "last_error")) == [(2, lease, "")]
    assert WebhookAttempt.objects.count() == 1


def test_an_outcome_that_cannot_be_written_stops_no_other(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    original = recording._log

    def picky(outcomes: Any) -> None:
        if any(outcome.claim.endpoint.id == bad.id for outcome in outcomes):
            raise ValueError("unwritable")
        original(outcomes)

    with receiver() as there, patch.object(recording, "_log", picky):
        good, bad = make_endpoint(there.url), make_endpoint(there.url)
        happen()
        sender.run()
    assert states(good) == [("delivered", 1)]
    assert states(bad) == [("pending", 1)]
    assert "could not be recorded" in caplog.text


def test_an_event_without_end_of_text_is_sent_as_ascii(sender: Sender) -> None:
    with receiver() as there:
        make_endpoint(there.url)
        happen(data={"name": "Zoë \u202e"}, subject_id=uuid4())
        sender.run()
    assert b"Zo\\u00eb \\u202e" in there.received[0].body


def test_a_lease_outlasts_the_request_whatever_the_settings(settings: Any) -> None:
    settings.EVENT_LEASE_SECONDS, settings.WEBHOOK_TIMEOUT_SECONDS = 3, 15
    make_endpoint()
    happen()
    before = timezone.now()
    (held,) = claim_due(Lines())
    assert held.delivery.leased_until is not None
    assert (held.delivery.leased_until - before).total_seconds() == pytest.approx(18, abs=2)


def test_who_fails_is_asked_by_one_request_at_a_time(settings: Any, django_assert_num_queries: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 3
    well, ill = make_endpoint(), make_endpoint(failing_since=timezone.now())
    for _ in range(5):
        happen()
    lines = Lines()
    assert Counter(held.endpoint for held in claim_due(lines)) == {well: 3, ill: 1}
    for mine_or_another_worker_s in (lines, Lines()):
        with django_assert_num_queries(1):
            assert claim_due(mine_or_another_worker_s) == []
