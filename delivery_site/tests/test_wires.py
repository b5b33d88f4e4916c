"""Hints between processes, over servers that are silent or gone; and within one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings as site
from django.test import override_settings
from redis import Redis
from redis.exceptions import ConnectionError as RedisIsAway
from redis.exceptions import TimeoutError as RedisIsSilent

from delivery_site.testing.servers import valkey
from tracking.live.wires import MemoryWire, RedisWire, Wire
from tracking.tests.listening import told

PAUSE_MS = 1_500
"""How long the server does not answer: far longer than we wait for it."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture
def redis(server: str) -> Iterator[Redis]:
    with Redis.from_url(server) as client:
        yield client
        client.ping()  # once it answers again, the next test may begin


@pytest.fixture(params=["redis", "memory"])
def wire(request: pytest.FixtureRequest) -> Wire:
    return MemoryWire() if request.param == "memory" else RedisWire(site.REDIS_URL)


async def heard(hints: AsyncIterator[str | bytes]) -> str:
    hint = await anext(hints)
    return hint.decode() if isinstance(hint, bytes) else hint


def sent_by_a_thread(wire: Wire, *texts: str) -> None:
    def send() -> None:
        for text in texts:
            wire.send(text)

    thread = threading.Thread(target=send)
    thread.start()
    thread.join()


def test_all_who_hear_hear_it_in_order(wire: Wire) -> None:
    async def story() -> list[str]:
        async with wire.hearing() as one, wire.hearing() as other:
            sent_by_a_thread(wire, "first", "zweitens")
            return [await heard(one), await heard(one), await heard(other), await heard(other)]

    assert told(story) == ["first", "zweitens"] * 2


def test_it_goes_to_nobody_where_nobody_hears(wire: Wire) -> None:
    async def story() -> str:
        async with wire.hearing():
            pass
        wire.send("early")
        async with wire.hearing() as hints:
            wire.send("late")
            return await heard(hints)

    assert told(story) == "late"


def test_a_loop_that_has_been_closed_keeps_nobody_from_hearing() -> None:
    wire, loop = MemoryWire(), asyncio.new_event_loop()
    forgotten = wire.hearing()
    loop.run_until_complete(forgotten.__aenter__())
    loop.close()

    async def story() -> str:
        async with wire.hearing() as hints:
            wire.send("all the same")
            return await heard(hints)

    assert told(story) == "all the same"


def test_sites_with_different_databases_of_a_server_do_not_hear_each_other(server: str) -> None:
    one, other = RedisWire(server), RedisWire(server.replace("/0", "/1"))

    async def story() -> str:
        async with one.hearing() as hints:
            other.send("not for you")
            one.send("for you")
            return await heard(hints)

    assert told(story) == "for you"


def test_it_is_sent_once_more_where_the_connection_was_closed(server: str, redis: Redis) -> None:
    wire = RedisWire(server)
    wire.send("a connection")

    async def story() -> str:
        async with wire.hearing() as hints:
            redis.client_kill_filter(_type="normal", skipme=True)
            wire.send("again")
            return await heard(hints)

    assert told(story) == "again"


def test_who_hears_is_told_that_the_connection_is_gone(server: str, redis: Redis) -> None:
    async def story() -> None:
        async with RedisWire(server).hearing() as hints:
            redis.client_kill_filter(_type="pubsub")
            await anext(hints)

    with pytest.raises(RedisIsAway):
        told(story)


def test_who_hears_nothing_asks_and_hears_on(server: str) -> None:
    wire = RedisWire(server)

    async def story() -> str:
        async with wire.hearing() as hints:
            later = asyncio.ensure_future(heard(hints))
            await asyncio.wait([later], timeout=0.1)  # meanwhile it asks every hundredth of a second
            wire.send("still there")
            return await later

    with patch("tracking.live.wires.QUIET_SECONDS", 0.01):
        assert told(story) == "still there"


@override_settings(REDIS_TIMEOUT_SECONDS=0.05)
def test_a_server_that_has_nothing_to_say_is_not_taken_for_one_that_does_not_answer(server: str) -> None:
    wire = RedisWire(server)

    async def story() -> str:
        async with wire.hearing() as hints:
            later = asyncio.ensure_future(heard(hints))
            await asyncio.wait([later], timeout=0.2)
            wire.send("at last")
            return await later

    assert told(story) == "at last"


@override_settings(REDIS_TIMEOUT_SECONDS=0.1)
def test_a_server_that_does_not_answer_is_noticed_by_who_hears(server: str, redis: Redis) -> None:
    async def story() -> None:
        async with RedisWire(server).hearing() as hints:
            redis.client_pause(PAUSE_MS)
            await anext(hints)

    with patch("tracking.live.wires.QUIET_SECONDS", 0.01), pytest.raises(RedisIsSilent):
        told(story)


@override_settings(REDIS_TIMEOUT_SECONDS=0.1)
def test_a_server_that_does_not_answer_is_not_asked_twice(server: str, redis: Redis) -> None:
    wire, sendings = RedisWire(server), []
    wire.send("a connection")
    redis.client_pause(PAUSE_MS)

    def counted(connection: Any, *args: Any, **kwargs: Any) -> None:
        sendings.append(args)

    with patch("redis.connection.Connection.send_command", counted), pytest.raises(RedisIsSilent):
        wire.send("once")
    assert len(sendings) == 1
