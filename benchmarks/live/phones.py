"""Couriers who say in turn where they are."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from benchmarks.live.pacing import Answers
from benchmarks.live.told import Ride


@dataclass
class Phones:
    url: str
    rides: Sequence[Ride]
    session: aiohttp.ClientSession
    sent: dict[str, float] = field(default_factory=dict)
    """When each position was sent, by its moment."""
    answers: Answers = field(default_factory=Answers)
    _turns: Iterator[Ride] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.rides)

    async def speak(self) -> None:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = {"positions": [{"latitude": 52.521, "longitude": 13.406, "recorded_at": moment}]}
        headers = {"Authorization": f"Bearer {next(self._turns).bearer}"}
        self.sent[moment] = time.perf_counter()
        await self.answers.of(self.session.post(f"{self.url}/api/v2/couriers/me/positions", json=body, headers=headers))
