"""What carries hints to all processes with sockets: Redis, or memory where there is no process but this one.

Not a layer of Channels: that sends on an event loop only, and those who have something to tell are threads
(docs/decisions/0017-hints-over-a-wire-of-their-own.md).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import cache, cached_property
from threading import Lock
from typing import Any, Final, Protocol

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisIsAway
from redis.exceptions import TimeoutError as RedisIsSilent
from redis.retry import Retry

QUIET_SECONDS: Final = 10.0
"""After so long without a word Redis is asked whether it is still there."""


class Wire(Protocol):
    def send(self, text: str) -> None:
        """From any thread, to all who hear. Raises RedisError or OSError."""

    def hearing(self) -> AbstractAsyncContextManager[AsyncIterator[str | bytes]]:
        """Whatever is sent from the beginning of the block on. Raises RedisError or OSError, at any moment."""


class RedisWire:
    """Two sites that share a server, each with a database of it, do not hear each other."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, text: str) -> None:
        self._sending.publish(self._channel, text)

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[AsyncIterator[bytes]]:
        retry = AsyncRetry(NoBackoff(), 0)  # what was said before a new connection stands would be missed unnoticed
        redis = AsyncRedis.from_url(
            self._url,
            socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
            socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
            retry=retry,
        )
        async with redis, redis.pubsub() as pubsub:
            await pubsub.subscribe(self._channel)
            await _next(pubsub)  # Redis says that we hear
            yield _heard(pubsub)

    @cached_property
    def _sending(self) -> Redis:
        """Once more where a connection has been closed by the other side; who is silent is not asked twice."""
        return Redis.from_url(
            self._url,
            socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
            socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisIsAway,)),
        )

    @cached_property
    def _channel(self) -> str:
        return f"hints:{self._sending.get_connection_kwargs().get('db', 0)}"


class MemoryWire:
    """Each who hears has a queue, which belongs to their event loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ears: dict[asyncio.Queue[str], asyncio.AbstractEventLoop] = {}

    def send(self, text: str) -> None:
        with self._lock:
            ears = list(self._ears.items())
        for queue, loop in ears:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(queue.put_nowait, text)

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[AsyncIterator[str]]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        with self._lock:
            self._ears[queue] = asyncio.get_running_loop()
        try:
            yield _drained(queue)
        finally:
            with self._lock:
                del self._ears[queue]


_memory: Final = MemoryWire()
_over_redis: Final = cache(RedisWire)


def wire_in_use() -> Wire:
    return _over_redis(settings.REDIS_URL) if settings.REDIS_URL else _memory


async def _heard(pubsub: PubSub) -> AsyncIterator[bytes]:
    while True:
        message = await _next(pubsub)
        if message["type"] == "message":
            yield message["data"]


async def _next(pubsub: PubSub) -> dict[str, Any]:
    """Of a server that has gone without a word nothing else would tell."""
    message = await pubsub.get_message(timeout=QUIET_SECONDS)
    if message is None:
        await pubsub.ping()
        message = await pubsub.get_message(timeout=settings.REDIS_TIMEOUT_SECONDS)
    if message is None:
        raise RedisIsSilent("Redis has said nothing for a while")
    heard: dict[str, Any] = message
    return heard


async def _drained(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()
