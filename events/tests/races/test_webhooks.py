"""Several workers at once, one of them killed: an endpoint's limits hold, and nothing is lost."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from api.errors import CataloguedError
from api.tests.waiting import PATIENCE_SECONDS, at_once, until
from events.models import EventDelivery, WebhookAttempt, WebhookEndpoint
from events.services import endpoints
from events.services.deliveries import claim
from events.services.endpoints import change_endpoint, create_endpoint
from events.tests.receivers import Visit, receiver
from events.tests.webhooks import happen, make_endpoint, states
from events.webhooks import claiming, recording
from events.webhooks.claiming import claim_due
from events.webhooks.lines import Lines
from events.webhooks.posting import Answer
from events.webhooks.recording import Outcome, record
from events.webhooks.sending import Sender

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

URL: Final = "https://hooks.example.com/"


def rendezvous(parties: int = 2) -> threading.Barrier:
    return threading.Barrier(parties, timeout=PATIENCE_SECONDS)


def meeting_without_lock(model: Any, *, meeting: threading.Barrier) -> Callable[[UUID], Any]:
    """Stands in for a lock: reads without locking, and goes on when all have read."""

    def read(key: UUID) -> Any:
        row = model.objects.get(pk=key)
        meeting.wait()
        return row

    return read


def claim_all() -> int:
    return len(claim_due(Lines()))


def test_workers_together_keep_to_an_endpoint_s_limit(settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 4
    for _ in range(3):
        endpoint = make_endpoint(event_types=["order.created"])
        for _ in range(20):
            happen()
        assert sum(at_once([claim_all] * 8)) == 4
        assert endpoint.deliveries.filter(leased_until__gt=timezone.now()).count() == 4
        WebhookEndpoint.objects.update(is_active=False)


def test_without_the_endpoint_s_lock_they_do_not(settings: Any) -> None:
    """The control: both count nothing under way, and pass over each other's rows."""
    settings.WEBHOOK_CONCURRENCY = 4
    make_endpoint()
    for _ in range(20):
        happen()
    unlocked = meeting_without_lock(WebhookEndpoint, meeting=rendezvous())
    both_counted = rendezvous()

    def claim_late(*args: Any, **kwargs: Any) -> Any:
        both_counted.wait()
        return claim(*args, **kwargs)

    with patch.object(claiming, "lock_endpoint", unlocked), patch.object(claiming, "claim", claim_late):
        assert sum(at_once([claim_all] * 2)) > 4


def outcome_of(call: Callable[[], Any]) -> Callable[[], str]:
    def outcome() -> str:
        try:
            call()
        except CataloguedError as refusal:
            return refusal.code
        return "done"

    return outcome


def test_an_account_never_has_more_endpoints_than_one_may(settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_PER_OWNER = 2
    owner = make_user(Role.INTEGRATOR)
    calls = [outcome_of(lambda: create_endpoint(owner.pk, url=URL)) for _ in range(8)]
    assert Counter(at_once(calls)) == {"done": 2, "webhook_endpoint_limit_reached": 6}
    assert WebhookEndpoint.objects.count() == 2


def test_without_the_owner_s_lock_an_account_has_too_many(settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_PER_OWNER = 1
    owner = make_user(Role.INTEGRATOR)
    both_counted = rendezvous()
    stores = endpoints._stores

    def stores_late(*args: Any, **kwargs: Any) -> Any:
        both_counted.wait()
        return stores(*args, **kwargs)

    unlocked = meeting_without_lock(User, meeting=rendezvous())
    with patch.object(endpoints, "lock_user", unlocked), patch.object(endpoints, "_stores", stores_late):
        calls = [outcome_of(lambda: create_endpoint(owner.pk, url=URL)) for _ in range(2)]
        assert Counter(at_once(calls)) == {"done": 2}
    assert WebhookEndpoint.objects.count() == 2


def changes(endpoint: WebhookEndpoint) -> list[Callable[[], str]]:
    def change(text: str) -> Callable[[], str]:
        return outcome_of(lambda: change_endpoint(endpoint.id, expected_version=1, description=text))

    return [change("one"), change("two")]


def test_of_two_changes_of_one_version_one_is_made() -> None:
    endpoint = make_endpoint()
    assert Counter(at_once(changes(endpoint))) == {"done": 1, "precondition_failed": 1}
    endpoint.refresh_from_db()
    assert endpoint.version == 2


def test_without_the_lock_one_of_two_changes_is_lost() -> None:
    endpoint = make_endpoint()
    unlocked = meeting_without_lock(WebhookEndpoint, meeting=rendezvous())
    with patch.object(endpoints, "lock_endpoint", unlocked):
        assert Counter(at_once(changes(endpoint))) == {"done": 2}
    endpoint.refresh_from_db()
    assert endpoint.version == 2


def late_failure() -> Outcome:
    """Of a worker whose lease has run out while it waited for the answer."""
    (held,) = claim_due(Lines())
    EventDelivery.objects.update(leased_until=timezone.now())
    return Outcome(claim=held, ended_at=timezone.now(), request_body=b"{}", answer=Answer(status=503))


@contextmanager
def somebody_claims_while_it_is_recorded(taken: list[int]) -> Iterator[None]:
    """In the middle of the recording transaction, after it has read the delivery."""
    original = recording._log

    def log(outcomes: Any) -> None:
        taken.extend(at_once([claim_all]))
        original(outcomes)

    with patch.object(recording, "_log", log):
        yield


def test_nobody_takes_over_a_delivery_whose_late_failure_is_being_recorded() -> None:
    taken: list[int] = []
    endpoint = make_endpoint()
    happen()
    failure = late_failure()
    with somebody_claims_while_it_is_recorded(taken):
        record([failure])
    assert taken == [0]
    assert states(endpoint) == [("pending", 1)]
    assert endpoint.deliveries.get().leased_until is None


def test_without_the_delivery_s_lock_the_follower_loses_its_lease() -> None:
    """The control: a third worker would send it beside the second."""
    taken: list[int] = []
    endpoint = make_endpoint()
    happen()
    failure = late_failure()

    def unlocked(ids: list[UUID]) -> dict[UUID, EventDelivery]:
        return {delivery.id: delivery for delivery in EventDelivery.objects.filter(id__in=ids)}

    with patch.object(recording, "lock_deliveries", unlocked), somebody_claims_while_it_is_recorded(taken):
        record([failure])
    assert taken == [1]
    assert endpoint.deliveries.get().leased_until is None


WORKER: Final = "import django; django.setup(); from events.webhooks.sending import send_due; send_due()"


def test_a_worker_killed_between_sending_and_recording_is_followed_by_one_that_sends_the_same_again(
    sender: Sender,
) -> None:
    killed = threading.Event()

    def behave(visit: Visit) -> None:
        if killed.is_set():
            visit.answer()
            return
        worker.kill()
        worker.wait(PATIENCE_SECONDS)
        killed.set()

    with receiver(behave) as there:
        endpoint = make_endpoint(there.url)
        event = happen()
        worker = start_worker()
        assert killed.wait(3 * PATIENCE_SECONDS)
        assert states(endpoint) == [("pending", 1)]
        assert sender.run() == 0
        EventDelivery.objects.update(leased_until=timezone.now())
        assert sender.run() == 1
    assert there.ids == [str(event.event_id)] * 2
    assert there.received[0].body == there.received[1].body
    assert states(endpoint) == [("delivered", 2)]
    assert WebhookAttempt.objects.count() == 1


def start_worker() -> "subprocess.Popen[bytes]":
    """A process of its own on the database of the tests."""
    address = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "delivery_site.settings",
        "DATABASE_URL": urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}")),
        "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=django_settings.BASE_DIR)


def test_tasks_beside_the_one_that_sends_only_make_it_look_again(sender: Sender) -> None:
    """A receiver that hangs occupies one task; what happens meanwhile is sent all the same."""
    let_go = threading.Event()

    def hang(visit: Visit) -> None:
        let_go.wait(PATIENCE_SECONDS)
        visit.answer()

    with receiver(hang) as stuck, receiver() as healthy:
        slow, quick = make_endpoint(stuck.url, event_types=["order.paid"]), make_endpoint(healthy.url)
        happen("order.paid")
        recorded: list[int] = []
        task = threading.Thread(target=lambda: recorded.extend(at_once([sender.run])))
        task.start()
        until(lambda: len(stuck.received) == 1 and len(healthy.received) == 1)
        happen("order.created")
        assert sender.run() == 0
        until(lambda: len(healthy.received) == 2)
        assert task.is_alive()
        let_go.set()
        task.join(PATIENCE_SECONDS)
    assert recorded == [3]
    assert states(slow) == [("delivered", 1)]
    assert states(quick) == [("delivered", 1)] * 2
