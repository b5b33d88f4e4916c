"""The HTTP requests of this process, in an event loop of their own: hundreds may wait, and nobody waits for them."""

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol

import aiohttp

from events.webhooks.addresses import AddressPolicy
from events.webhooks.connecting import Resolve, connector, resolve, session
from events.webhooks.lines import Line
from events.webhooks.posting import Answer, Request, post

# A resolver that hangs occupies a thread for longer than its request may take.
RESOLVERS_AT_ONCE: Final = 64


# Of a request whose turn did not come, or came too late.
NOT_SENT: Final = Answer(was_sent=False)


class Network(Protocol):
    def send(
        self, request: Request, *, line: Line, start_within_seconds: float, deadline_seconds: float
    ) -> "Future[Answer]":
        """Never waits; whatever goes wrong comes as an answer."""

    def break_up(self, line: Line) -> None:
        """What waits in it is not sent."""


class LoopThread:
    """A thread that does nothing but run an event loop, until the process ends or it is closed."""

    def __init__(self, *, policy: AddressPolicy, resolve: Resolve = resolve) -> None:
        self._policy = policy
        self._resolvers = ThreadPoolExecutor(RESOLVERS_AT_ONCE, thread_name_prefix="webhook-resolver")
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._resolvers)
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhook-requests", daemon=True)
        self._thread.start()
        self._session = asyncio.run_coroutine_threadsafe(self._begin(resolve), self._loop).result()

    def send(
        self, request: Request, *, line: Line, start_within_seconds: float, deadline_seconds: float
    ) -> "Future[Answer]":
        latest_start = time.monotonic() + start_within_seconds
        exchange = self._send(request, line=line, latest_start=latest_start, deadline_seconds=deadline_seconds)
        return asyncio.run_coroutine_threadsafe(exchange, self._loop)

    def break_up(self, line: Line) -> None:
        """By a task, as requests are sent: so it begins after all that were sent before it, and finds them in line."""

        async def break_up() -> None:
            line.break_up()

        asyncio.run_coroutine_threadsafe(break_up(), self._loop)

    def close(self) -> None:
        """What is under way is given up."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self, resolve: Resolve) -> aiohttp.ClientSession:
        return session(connector(policy=self._policy, resolve=resolve))

    async def _send(self, request: Request, *, line: Line, latest_start: float, deadline_seconds: float) -> Answer:
        """Not after its time: by its end another worker may have sent it, and what comes after it."""
        if not await line.turn():
            return NOT_SENT
        try:
            if time.monotonic() > latest_start:
                return NOT_SENT
            answer = await post(self._session, request, policy=self._policy, deadline_seconds=deadline_seconds)
            if not answer.is_success:
                line.break_up()
            return answer
        finally:
            line.leave()

    async def _end(self) -> None:
        unfinished = asyncio.all_tasks() - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await self._session.close()
        self._resolvers.shutdown(wait=False)
