"""Requests at a steady pace, whatever the answers take: who is slow gets no rest."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

import aiohttp


@dataclass
class Answers:
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    async def of(self, request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> None:
        began = time.perf_counter()
        async with request as answer:
            await answer.read()
        self.statuses[answer.status] += 1
        self.seconds.append(time.perf_counter() - began)

    def forget_times(self) -> None:
        self.seconds.clear()

    def __str__(self) -> str:
        return f"{dict(self.statuses)}: {spread(self.seconds)}"


def connections() -> aiohttp.TCPConnector:
    """As many as there are requests; given up before a server gives them up, which may be just when one is used."""
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=1.0)


WARM_UP_SECONDS: Final = 3.0
"""What new processes do for the first time, such as connecting to the database, is not what is measured."""


async def steadily(act: Callable[[], Awaitable[None]], *, per_second: float, seconds: float) -> None:
    """Returns when the last is through."""
    began = time.perf_counter()
    under_way: list[asyncio.Future[None]] = []
    for number in range(round(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        under_way.append(asyncio.ensure_future(act()))
    await asyncio.gather(*under_way)


def spread(seconds: Sequence[float]) -> str:
    cuts = quantiles(seconds, n=100, method="inclusive")
    words = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "longest": max(seconds)}
    return ", ".join(f"{word} {value * 1000:.0f} ms" for word, value in words.items())
