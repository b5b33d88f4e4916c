import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as RedisIsAway

from tracking.live.hints import OrdersChanged
from tracking.live.pushing import Sender

PATIENCE_SECONDS = 60
HINT = OrdersChanged({uuid4(): 1})


class Layer:
    """As many hints as it is given go wrong, and it says when all have."""

    def __init__(self, expected: int) -> None:
        self.done = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.expected = expected

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.done.release()
        await asyncio.to_thread(self.may_end.wait, PATIENCE_SECONDS)
        raise RedisIsAway("nobody there")

    def wait(self) -> None:
        for _ in range(self.expected):
            assert self.done.acquire(timeout=PATIENCE_SECONDS)


async def all_others_end() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)


@pytest.fixture
def layer() -> Iterator[Layer]:
    layer = Layer(expected=2)
    with patch("tracking.live.pushing.get_channel_layer", return_value=layer):
        yield layer
        layer.may_end.set()


def test_who_sends_does_not_wait_and_too_many_are_dropped(layer: Layer, caplog: pytest.LogCaptureFixture) -> None:
    sender = Sender()
    with patch("tracking.live.pushing.MOST_UNDER_WAY", 2):
        for _ in range(5):
            sender.send(HINT)
        layer.wait()
    assert not layer.done.acquire(timeout=0.2)
    assert [record.getMessage() for record in caplog.records] == [
        "live pages are not told at once: 2 hints are under way"
    ]


def test_a_layer_that_is_away_is_told_of_once(layer: Layer, caplog: pytest.LogCaptureFixture) -> None:
    sender = Sender()
    layer.may_end.set()
    for _ in range(2):
        sender.send(HINT)
    layer.wait()
    assert sender._own is not None
    asyncio.run_coroutine_threadsafe(all_others_end(), sender._own).result(PATIENCE_SECONDS)
    assert len(caplog.records) == 1
