"""Several workers at once, one of them slow or killed: nobody is sent the same message twice.

The controls take away what prevents it, and show the second message.
"""

import os
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from api.tests.waiting import PATIENCE_SECONDS, at_once, in_background, somebody_waits_for_a_lock, until
from api.transactions import in_transaction
from notifications.kinds import Kind
from notifications.locks import lock_due_notifications
from notifications.models import Notification, State
from notifications.services import claiming
from notifications.services.claiming import ABANDONED, claim_due
from notifications.services.sending import send_due
from notifications.tests.factories import make_notification, state_of
from notifications.tests.mail_server import END_OF_DATA, GREETING, MailServer
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

WORKERS: Final = 6
MESSAGES: Final = 60


def refunds(number: int, *, order: Order | None = None) -> list[Notification]:
    order = order or make_order()
    data = {"amount": "1.00", "currency": "EUR"}
    return [make_notification(Kind.REFUNDED, order=order, data=data) for _ in range(number)]


def arrivals(server: MailServer) -> Counter[str]:
    """How often each message has arrived."""
    return Counter(message["Message-ID"] for message in server.taken)


def test_many_workers_send_each_message_once(mail_server: MailServer) -> None:
    refunds(MESSAGES)

    sent = at_once([send_due] * WORKERS)

    assert sum(sent) == MESSAGES
    assert (len(arrivals(mail_server)), set(arrivals(mail_server).values())) == (MESSAGES, {1})
    assert set(Notification.objects.values_list("state", "attempts")) == {("sent", 1)}


# The lock: workers pass over what another one is claiming, instead of waiting for it


def claim_during_another_claim() -> tuple[list[UUID], list[UUID]]:
    """What two workers claim of four, the second while the first has not committed."""
    first: list[UUID] = []
    has_claimed, may_commit = threading.Event(), threading.Event()

    def claim_and_wait() -> None:
        first.extend(row.pk for row in claim_due(limit=2))
        has_claimed.set()
        assert may_commit.wait(PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        holding = in_background(pool, lambda: in_transaction(claim_and_wait))
        assert has_claimed.wait(PATIENCE_SECONDS)
        claiming_too = in_background(pool, lambda: [row.pk for row in claim_due(limit=2)])
        until(lambda: claiming_too.done() or somebody_waits_for_a_lock())
        may_commit.set()
        holding.result(PATIENCE_SECONDS)
        return first, claiming_too.result(PATIENCE_SECONDS)


def test_two_workers_share_what_is_due() -> None:
    rows = refunds(4)

    first, second = claim_during_another_claim()

    assert sorted([*first, *second]) == sorted(row.pk for row in rows)


def test_without_the_lock_the_second_worker_waits_and_comes_away_with_nothing() -> None:
    """The control: both want the first two, and the condition of the update lets only one have them."""
    rows = refunds(4)

    def unlocked(now: datetime, *, limit: int) -> list[UUID]:
        due = Notification.objects.due(now).order_by("next_attempt_at", "id")
        return list(due.values_list("id", flat=True)[:limit])

    with patch.object(claiming, "lock_due_notifications", unlocked):
        first, second = claim_during_another_claim()

    assert (sorted(first), second) == (sorted(row.pk for row in rows[:2]), [])
    assert lock_due_notifications is not unlocked


# The mark: who was slow and has lost the lease sends nothing


def a_slow_worker_beside_a_quick_one() -> None:
    """The first stands still between composing and sending until its lease is over and another has sent."""
    begin = claiming.begin
    stands_still, may_go_on = threading.Event(), threading.Event()

    def begin_late(notification: Notification) -> bool:
        if not stands_still.is_set():
            stands_still.set()
            assert may_go_on.wait(PATIENCE_SECONDS)
        return begin(notification)

    with patch.object(claiming, "begin", begin_late), ThreadPoolExecutor(1) as pool:
        slow = in_background(pool, send_due)
        assert stands_still.wait(PATIENCE_SECONDS)
        Notification.objects.update(leased_until=timezone.now())
        send_due()
        may_go_on.set()
        slow.result(PATIENCE_SECONDS)


def test_a_worker_that_lost_its_lease_sends_nothing(mail_server: MailServer) -> None:
    refunds(1)

    a_slow_worker_beside_a_quick_one()

    assert list(arrivals(mail_server).values()) == [1]


def test_without_the_mark_a_slow_worker_sends_a_second_time(mail_server: MailServer) -> None:
    """The control: whoever has once claimed a row goes on."""
    refunds(1)

    with patch.object(claiming, "begin", lambda notification: True):
        a_slow_worker_beside_a_quick_one()

    assert list(arrivals(mail_server).values()) == [2]


# kill -9, in the middle of a conversation with a real mail server


def worker(server: MailServer) -> "subprocess.Popen[bytes]":
    """A process of its own that sends what is due; its leases end at once, as if it had died long ago."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "delivery_site.settings",
        "DATABASE_URL": urlunsplit(address._replace(path=f"/{name}")),
        "EMAIL_URL": f"smtp://{server.host}:{server.port}",
        "NOTIFICATION_LEASE_SECONDS": "0",
    }
    code = "import django; django.setup(); from notifications.services.sending import send_due; send_due()"
    return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=settings.BASE_DIR)


def kill_at(moment: str, server: MailServer) -> None:
    """The server kills the worker before it answers."""
    processes: list[subprocess.Popen[bytes]] = []
    is_killed = threading.Event()

    def kill() -> None:
        until(lambda: bool(processes))
        processes[0].kill()
        processes[0].wait(PATIENCE_SECONDS)
        is_killed.set()

    server.before(moment, kill)
    processes.append(worker(server))
    assert is_killed.wait(3 * PATIENCE_SECONDS)
    server.before(moment, lambda: None)


def test_a_worker_killed_while_it_hands_a_message_over_is_not_repeated(mail_server: MailServer) -> None:
    (row,) = refunds(1)
    kill_at(END_OF_DATA, mail_server)
    assert state_of(row) == State.SENDING
    until(lambda: len(mail_server.taken) == 1)

    assert [send_due(), send_due()] == [0, 0]

    row.refresh_from_db()
    assert (row.state, row.error, row.sent_at) == ("uncertain", ABANDONED, None)
    assert list(arrivals(mail_server).values()) == [1]


def test_a_worker_killed_before_it_hands_a_message_over_is_followed_by_another(mail_server: MailServer) -> None:
    (row,) = refunds(1)
    kill_at(GREETING, mail_server)
    assert state_of(row) == State.PENDING

    assert send_due() == 1

    assert state_of(row) == State.SENT
    assert list(arrivals(mail_server).values()) == [1]


def test_were_abandoned_rows_sent_again_a_killed_worker_would_have_a_message_sent_twice(
    mail_server: MailServer,
) -> None:
    """The control: what was being sent is taken for pending."""
    refunds(1)
    kill_at(END_OF_DATA, mail_server)
    until(lambda: len(mail_server.taken) == 1)

    def pending_again() -> None:
        Notification.objects.abandoned(timezone.now()).update(state=State.PENDING, leased_until=None)

    with patch.object(claiming, "give_up_abandoned", pending_again):
        assert send_due() == 1

    assert list(arrivals(mail_server).values()) == [2]
