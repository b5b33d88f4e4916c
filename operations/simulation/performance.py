"""From the first line on the screen to the exit code: the site, if it is ours to run, the run, and its end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import httpx
from rich.console import Console

from operations.simulation.client import Connection, Refused, Unreachable
from operations.simulation.hearing import CannotListen
from operations.simulation.run import NotSeeded, Options, Run, Stuck
from operations.simulation.server import Server, ServerFailed, is_ready
from operations.simulation.stocktaking import Unsteady
from operations.simulation.summary import Summary, show

OK, BROKEN, MISUSED = 0, 1, 2

REQUEST_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
LIMITS = httpx.Limits(max_connections=20, keepalive_expiry=3.0)
"""Shorter than the server keeps idle connections, so that none is used just as it is closed."""


def perform(options: Options, *, console: Console, server: Server | None, site_url: str) -> int:
    """Play until the end or a signal. Returns the exit code."""
    return asyncio.run(_until_signalled(Performance(options, console, server=server, site_url=site_url)))


class Performance:
    """One evening: the house is opened, the run is played, the house is closed whatever happened."""

    def __init__(self, options: Options, console: Console, *, server: Server | None, site_url: str) -> None:
        self.options = options
        self._console = console
        self._server = server
        self._site_url = site_url

    async def give(self) -> int:
        """The exit code; trouble is told in a sentence."""
        code = MISUSED
        try:
            async with self._site() as connection:
                run = Run(self.options, connection=connection, site_url=self._site_url, console=self._console)
                await run.prepare()
                async with run.listening():
                    code = BROKEN
                    summary = await self._play(run)
                code = await self._judge(summary)
        except* (ServerFailed, NotSeeded, CannotListen, Unreachable, Refused, Unsteady) as group:
            for trouble in _single(group):
                self._console.print(f"{trouble}", style="bold red", markup=False)
        return code

    async def _play(self, run: Run) -> Summary:
        problems: list[str] = []
        companions = [self._server.stay_up(tell=run.world.tell)] if self._server else []
        try:
            problems = await _problems_of(run.play(*companions))
        except asyncio.CancelledError:
            self._console.print(f"stopping: {run.told_so_far}", highlight=False)
            raise
        summary = await run.look_back()
        return replace(summary, problems=[*summary.problems, *problems])

    async def _judge(self, summary: Summary) -> int:
        summary = replace(summary, problems=[*summary.problems, *await self._audit()])
        show(summary, self._console)
        return BROKEN if summary.problems else OK

    @contextlib.asynccontextmanager
    async def _site(self) -> AsyncIterator[Connection]:
        """A connection to a site that is up, and stays so for as long as it is ours."""
        try:
            if self._server is not None:
                await self._open_house(self._server)
            async with httpx.AsyncClient(base_url=self._site_url, timeout=REQUEST_TIMEOUT, limits=LIMITS) as http:
                if not await is_ready(http):
                    raise ServerFailed(f"nothing is ready to serve at {self._site_url}")
                yield Connection(http)
        finally:
            if self._server is not None:
                await self._server.stop()

    async def _open_house(self, server: Server) -> None:
        server.refuse_busy_port()
        for command in (("migrate", "--verbosity", "0"), ("seed",)):
            self._console.print(f"[bright_black]· {command[0]}[/]")
            finished = await server.management.run(*command)
            if finished.exit_code != 0:
                raise ServerFailed(f"{command[0]} failed (exit code {finished.exit_code}):\n{finished.output}")
        self._console.print("[bright_black]· starting the site[/]")
        await server.start()

    async def _audit(self) -> list[str]:
        """The auditor reads the database, so it can only look at a site of our own; at rest."""
        if self._server is None:
            return []
        await self._server.stop()
        finished = await self._server.management.run("audit")
        self._console.print(finished.output, markup=False, highlight=False)
        return [] if finished.exit_code == 0 else [f"the audit ended with exit code {finished.exit_code}"]


async def _problems_of(play: Coroutine[Any, Any, None]) -> list[str]:
    """A standstill is told in the summary, with all that can still be counted."""
    problems = []
    try:
        await play
    except* Stuck as group:
        problems = [str(trouble) for trouble in _single(group)]
    return problems


def _single(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """What is in a group of groups."""
    for trouble in group.exceptions:
        if isinstance(trouble, BaseExceptionGroup):
            yield from _single(trouble)
        else:
            yield trouble


async def _until_signalled(performance: Performance) -> int:
    """Ctrl-C is how an endless demo ends well; a run that was to end by itself did not reach its goal."""
    task = asyncio.create_task(performance.give())
    with _signals_cancel(task) as received:
        try:
            return await task
        except asyncio.CancelledError:
            return 128 + received[0] if performance.options.leaves else OK


@contextlib.contextmanager
def _signals_cancel(task: "asyncio.Task[int]") -> Iterator[list[int]]:
    """The first signal cancels the task, so that everything is put away on the way out; more are let pass."""
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def cancel(number: int, _frame: object) -> None:
        if not received:
            received.append(number)
            loop.call_soon_threadsafe(task.cancel)

    names = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, cancel) for number in known}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
