"""Couriers who say in turn where they are."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import aiohttp

from benchmarks.live.pacing import Answers
from benchmarks.live.told import Ride

# Ten metres, and a kilometre in all.
STEP: Final = 0.0001
STEPS: Final = 100


@dataclass
class Phones:
    url: str
    rides: Sequence[Ride]
    session: aiohttp.ClientSession
    clock: Callable[[], float] = time.perf_counter
    sent: dict[str, float] = field(default_factory=dict)
    """When each position was sent, by its moment."""
    answers: Answers = field(default_factory=Answers)
    _turns: Iterator[Ride] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.rides)

    async def speak(self) -> None:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        latitude = 52.521 + STEP * (len(self.sent) % STEPS)
        body = {"positions": [{"latitude": latitude, "longitude": 13.406, "recorded_at": moment}]}
        headers = {"Authorization": f"Bearer {next(self._turns).bearer}"}
        self.sent[moment] = self.clock()
        await self.answers.of(self.session.post(f"{self.url}/api/v2/couriers/me/positions", json=body, headers=headers))
