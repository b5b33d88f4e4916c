"""Signs of life of those who take tasks from a queue."""

import logging
import time
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from pytest_django import Settings
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

from api import listening
from api.listening import (
    SIGN_EVERY_SECONDS,
    SILENT_SECONDS,
    last_heard,
    leave_sign_of_life,
    queue_figures,
    silent_queues,
)

QUEUE = "default"


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has been heard of yet."""
    monkeypatch.setattr(listening, "_signs", {})
    cache.delete_many([listening._key(queue) for queue in settings.QUEUES])
    yield
    cache.delete_many([listening._key(queue) for queue in settings.QUEUES])


@pytest.fixture
def given(settings: Settings) -> Settings:
    return settings


def begin_task(queue: str) -> None:
    leave_sign_of_life(task=SimpleNamespace(request=SimpleNamespace(delivery_info={"routing_key": queue})))


def test_queues_that_beat_sends_to_all_the_time_are_listened_for() -> None:
    assert {"relay", "default"} <= set(silent_queues()) <= set(settings.QUEUES)


def test_who_begins_a_task_is_heard_for_a_minute() -> None:
    begin_task(QUEUE)

    assert QUEUE not in silent_queues()
    assert abs(time.time() - last_heard([QUEUE])[QUEUE]) < SILENT_SECONDS
    with Redis.from_url(settings.REDIS_URL) as memory:
        assert SILENT_SECONDS - 5 < memory.ttl(cache.make_key(f"worker-heard:{QUEUE}")) <= SILENT_SECONDS


def test_sign_of_one_queue_is_none_of_another() -> None:
    begin_task(QUEUE)
    assert "relay" in silent_queues()


def test_thousands_of_tasks_leave_one_sign_in_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("api.listening.time.monotonic", lambda: clock[0])
    with patch.object(listening, "cache") as signs:
        for _ in range(1000):
            begin_task(QUEUE)
        assert signs.set.call_count == 1
        clock[0] += SIGN_EVERY_SECONDS
        begin_task(QUEUE)
        assert signs.set.call_count == 2


def test_task_run_without_a_queue_leaves_none() -> None:
    with patch.object(listening, "cache") as signs:
        leave_sign_of_life(task=SimpleNamespace(request=SimpleNamespace(delivery_info=None)))
        begin_task("replies")
    assert signs.set.call_count == 0


def test_a_cache_out_of_reach_does_not_keep_the_task_from_running(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), patch.object(listening, "cache") as signs:
        signs.set.side_effect = RedisAway("refused")
        begin_task(QUEUE)
    assert caplog.messages == [f"could not leave a sign of life of {QUEUE}: refused"]


def test_length_of_every_queue_is_told_with_its_last_sign_of_life() -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        before = broker.lrange(QUEUE, 0, -1)
        broker.delete(QUEUE)
        broker.rpush(QUEUE, "one", "two")
        begin_task(QUEUE)
        figures = {row.queue: row for row in queue_figures()}
        broker.delete(QUEUE)
        if before:
            broker.rpush(QUEUE, *before)

    assert list(figures) == list(settings.QUEUES)
    assert figures[QUEUE].waiting == 2
    assert figures[QUEUE].heard_seconds_ago is not None
    assert figures["webhooks"].heard_seconds_ago is None


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_a_broker_that_cannot_be_asked_is_not_waited_for(given: Settings, url: str) -> None:
    given.REDIS_URL = url
    assert {row.waiting for row in queue_figures()} == {None}
