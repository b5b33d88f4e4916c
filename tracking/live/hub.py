"""Hears all hints, once for the process, and hands each to those sockets that it concerns.

Sockets do not listen to the wire themselves: thousands of subscriptions would say the same, and a wire that is down
would keep them from opening. What it loses is found by looking at the orders' versions from time to time.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError
from redis.exceptions import RedisError

from orders.models import Order
from tracking.live.following import Follower
from tracking.live.garbage import tidy
from tracking.live.hints import CourierMoved, Hint, OrdersChanged, RouteFound, hint_of
from tracking.live.reading import in_thread
from tracking.live.wires import wire_in_use

logger = logging.getLogger(__name__)

Watcher = Callable[[Hint], None]

LOOK_EVERY_SECONDS: Final = 5.0
TURNS: Final = 20
AGAIN_SECONDS: Final = 2.0
# Thousands of sockets make 5,000 new objects a second that last, and looking at each takes up to 10 microseconds.
TIDY_EVERY_SECONDS: Final = 1.0
# A wire that is down must not hold up a page: it is opened all the same.
PATIENCE_SECONDS: Final = 2.0


class Hub:
    """One per event loop; at work as long as somebody follows something."""

    def __init__(self) -> None:
        self._followers: defaultdict[UUID, set[Follower]] = defaultdict(set)
        self._watchers: set[Watcher] = set()
        self._is_hearing = asyncio.Event()
        self._turns = cycle(range(TURNS))
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, follower: Follower) -> None:
        """Returns when nothing that is told from now on is missed, or when that may take long."""
        self._followers[follower.order_id].add(follower)
        await self._begin()

    async def leave(self, follower: Follower) -> None:
        followers = self._followers[follower.order_id]
        followers.discard(follower)
        if not followers:
            del self._followers[follower.order_id]
        await self._rest_if_alone()

    async def watch(self, watcher: Watcher) -> None:
        """Every hint is handed to it, as `join` promises. It must be quick."""
        self._watchers.add(watcher)
        await self._begin()

    async def unwatch(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        await self._rest_if_alone()

    async def _begin(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(_kept_up(work)) for work in (self._hear, self._look_again, _tidy)]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_hearing.wait(), PATIENCE_SECONDS)

    async def _rest_if_alone(self) -> None:
        if not self._followers and not self._watchers:
            await self._rest()

    async def _rest(self) -> None:
        tasks, self._tasks = self._tasks, []
        self._is_hearing.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            try:
                await self._hear_until_it_fails()
            except (RedisError, OSError) as error:
                logger.warning("live pages hear nothing at once: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear_until_it_fails(self) -> None:
        async with wire_in_use().hearing() as hints:
            self._is_hearing.set()
            try:
                async for text in hints:
                    self._take(text)
            finally:
                self._is_hearing.clear()

    def _take(self, text: str | bytes) -> None:
        """Of another release, perhaps: it says nothing that looking again does not."""
        try:
            hint = hint_of(json.loads(text))
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.warning("a hint is not understood")
            return
        self._hand_on(hint)

    def _hand_on(self, hint: Hint) -> None:
        for watcher in self._watchers:
            watcher(hint)
        if isinstance(hint, CourierMoved):
            for order_id, reached in hint.reached.items():
                for follower in self._followers.get(order_id, ()):
                    follower.hear_move(hint.move, reached=reached)
        if isinstance(hint, OrdersChanged):
            for order_id, sequence in hint.sequences.items():
                for follower in self._followers.get(order_id, ()):
                    follower.hear_event(sequence)
        if isinstance(hint, RouteFound):
            for follower in self._followers.get(hint.order_id, ()):
                follower.hear_change()

    async def _look_again(self) -> None:
        """At all orders once in a while, at each in its turn: what is read at once holds up all sockets."""
        for turn in self._turns:
            await asyncio.sleep(LOOK_EVERY_SECONDS / TURNS)
            await self._look_at([order_id for order_id in self._followers if order_id.int % TURNS == turn])

    async def _look_at(self, order_ids: Sequence[UUID]) -> None:
        if not order_ids:
            return
        try:
            versions = await in_thread(versions_of, order_ids)
        except DatabaseError as error:
            logger.warning("live pages cannot look again: %s", error)
            return
        for order_id in order_ids:
            for follower in self._followers.get(order_id, ()):
                follower.hear_version(versions.get(order_id))


async def _kept_up(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Nobody waits for it to end: what was not foreseen is told, and the work begins again."""
    while True:
        task = asyncio.create_task(work())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        logger.error("live pages were left alone by %s", work.__name__, exc_info=error)
        await asyncio.sleep(AGAIN_SECONDS)


async def _tidy() -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY_SECONDS)
        tidy()


def versions_of(order_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Of those that are still shown to whoever has their link."""
    return dict(Order.objects.filter(pk__in=order_ids, anonymised_at=None).values_list("pk", "version"))


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


@asynccontextmanager
async def following(order_id: UUID) -> AsyncIterator[Follower]:
    """What is told of an order, from now to the end of the block."""
    hub = _hub_of_this_loop()
    follower = Follower(order_id)
    try:
        await hub.join(follower)
        yield follower
    finally:
        await hub.leave(follower)


@asynccontextmanager
async def watching(watcher: Watcher) -> AsyncIterator[None]:
    """Whatever is told, of all orders and couriers."""
    hub = _hub_of_this_loop()
    try:
        await hub.watch(watcher)
        yield
    finally:
        await hub.unwatch(watcher)


def _hub_of_this_loop() -> Hub:
    for loop in [loop for loop in _hubs if loop.is_closed()]:
        del _hubs[loop]
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
