import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import call, patch

import pytest
from celery import Celery
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from api.silence import SILENT_SECONDS
from api.waking import EXPIRES_SECONDS, WAITING_SECONDS, is_first_to_wake, silence, wake, woken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_silence() -> Iterator[None]:
    """One test's broker is not another's."""
    yield
    silence.end()


@pytest.fixture
def sent() -> Iterator[Any]:
    with patch.object(Celery, "send_task") as send_task:
        yield send_task


@pytest.fixture
def shared_marks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As it is outside of tests: what one wake has left, the next one finds."""
    monkeypatch.setattr("api.waking.is_first_to_wake", is_first_to_wake)
    begin("events.relay")
    yield
    begin("events.relay")


def begin(name: str) -> None:
    """What happens in a worker before it runs the task."""
    woken(task=SimpleNamespace(name=name), args=[])


def sending(name: str, *args: Any) -> Any:
    return call(name, args=args, ignore_result=True, retry=False, expires=EXPIRES_SECONDS)


def test_a_worker_is_woken_after_the_commit(sent: Any) -> None:
    with transaction.atomic():
        wake("orders.expire", "o-1")
        assert sent.mock_calls == []

    assert sent.mock_calls == [sending("orders.expire", "o-1")]


def test_nobody_is_woken_for_what_did_not_happen(sent: Any) -> None:
    with transaction.atomic():
        wake("orders.expire")
        transaction.set_rollback(True)

    assert sent.mock_calls == []


def test_equal_wakes_of_one_transaction_are_sent_once(sent: Any) -> None:
    with transaction.atomic():
        wake("events.relay")
        with transaction.atomic():
            wake("events.relay")
        wake("orders.expire", "o-1")
        wake("orders.expire", "o-2")
        wake("orders.expire", "o-1")

    assert sent.mock_calls == [
        sending("events.relay"),
        sending("orders.expire", "o-1"),
        sending("orders.expire", "o-2"),
    ]


def test_a_wake_lost_with_its_savepoint_does_not_stand_for_a_later_one(sent: Any) -> None:
    with transaction.atomic():
        with transaction.atomic():
            wake("events.relay")
            transaction.set_rollback(True)
        wake("events.relay")

    assert sent.mock_calls == [sending("events.relay")]


def test_each_transaction_wakes_for_itself(sent: Any) -> None:
    for _ in range(2):
        with transaction.atomic():
            wake("events.relay")

    assert sent.call_count == 2


@pytest.mark.parametrize(
    "error", [OperationalError("refused"), ConnectionRefusedError(), TimeoutError(), RedisTimeout("slow")]
)
def test_a_broker_out_of_reach_is_logged_and_nothing_more(
    sent: Any, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    sent.side_effect = error

    with caplog.at_level(logging.WARNING), transaction.atomic():
        wake("events.relay")

    assert [record.message for record in caplog.records] == [f"could not wake events.relay: {error}"]


def test_a_broker_out_of_reach_costs_its_timeout_once_in_a_while_and_not_every_request(
    sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("api.silence.time.monotonic", lambda: clock[0])
    sent.side_effect = OperationalError("refused")
    for _ in range(3):
        wake("events.relay")
    assert sent.call_count == 1

    sent.side_effect = None
    clock[0] += SILENT_SECONDS
    for _ in range(3):
        wake("events.relay")
    assert sent.call_count == 4


def test_a_mistake_of_ours_is_not_taken_for_the_brokers(sent: Any) -> None:
    sent.side_effect = TypeError("not serialisable")

    with pytest.raises(TypeError), transaction.atomic():
        wake("events.relay")


@pytest.mark.usefixtures("shared_marks")
def test_nobody_is_woken_who_is_about_to_begin(sent: Any) -> None:
    """However many commit while the message waits: the task begins after all of them, and finds their work."""
    for _ in range(100):
        with transaction.atomic():
            wake("events.relay")
    assert sent.call_count == 1

    begin("events.relay")
    with transaction.atomic():
        wake("events.relay")
    assert sent.call_count == 2


@pytest.mark.usefixtures("shared_marks")
def test_a_message_that_was_lost_is_missed_for_a_moment_only(sent: Any) -> None:
    wake("events.relay")

    mark = cache.make_key("waiting:events.relay")
    with Redis.from_url(settings.REDIS_URL) as memory:
        assert 0 < memory.ttl(mark) <= WAITING_SECONDS
        memory.delete(mark)
    wake("events.relay")
    assert sent.call_count == 2


def test_messages_live_longer_than_they_are_waited_for() -> None:
    """Else a worker would discard the one message that kept all others from being sent."""
    assert EXPIRES_SECONDS > 2 * WAITING_SECONDS


def test_equal_tasks_for_other_things_are_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [is_first_to_wake("tests.once", args) for args in (["a"], ["b"], ["a"], [])]
    for args in (["a"], ["b"], []):
        woken(task=SimpleNamespace(name="tests.once"), args=args)
    assert asked == [True, True, False, True]


@pytest.mark.usefixtures("shared_marks")
def test_a_cache_out_of_reach_costs_no_more_than_a_broker_out_of_reach(sent: Any) -> None:
    with patch("django.core.cache.backends.redis.RedisCache.add", side_effect=RedisTimeout("slow")) as add:
        for _ in range(3):
            wake("events.relay")
    assert (add.call_count, sent.call_count) == (1, 0)
