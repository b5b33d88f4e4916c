"""Those who look on: sockets held open by the thousand, each noting when a position arrives."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import aiohttp

OPENING_AT_ONCE: Final = 50
PATIENCE: Final = aiohttp.ClientTimeout(total=None, sock_connect=60)
# What browsers offer.
COMPRESS: Final = 15


@dataclass
class Audience:
    """`arrived` has, for each position by its moment, when it came to each socket that was to hear of it."""

    url: str
    arrived: dict[str, list[float]] = field(default_factory=dict)
    closed: int = 0
    _listening: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, session: aiohttp.ClientSession, tokens: Sequence[str]) -> None:
        """Returns when all have their first picture."""
        gate = asyncio.Semaphore(OPENING_AT_ONCE)

        async def open_one(token: str) -> None:
            async with gate:
                socket = await session.ws_connect(
                    f"{self.url}/ws/track/{token}/", compress=COMPRESS, autoping=True, max_msg_size=0
                )
                first = await socket.receive_json()
                assert first["kind"] == "snapshot", first
            self._listening.append(asyncio.create_task(self._listen(socket)))

        await asyncio.gather(*map(open_one, tokens))

    async def close(self) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            moment = time.perf_counter()
            told = json.loads(message.data)
            if told["kind"] == "position":
                self.arrived.setdefault(told["position"]["recorded_at"], []).append(moment)
        with suppress(asyncio.CancelledError):
            self.closed += 1
