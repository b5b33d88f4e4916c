"""Getting from one place to another in a straight line, and telling the site where one is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.simulation.client import Client
from operations.simulation.geography import Place, along, distance_m
from operations.simulation.pace import Pace

NOTED_EVERY_SECONDS = 1.0
SENT_TOGETHER = 3
ARRIVED_WITHIN_M = 2.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """`metres_per_minute` is the average through a town; `top_kmh` what the site allows without being told more."""

    metres_per_minute: float
    top_kmh: int


VEHICLES = {
    "foot": Vehicle(85, 15),
    "bicycle": Vehicle(250, 50),
    "cargo_bike": Vehicle(220, 45),
    "scooter": Vehicle(370, 90),
    "car": Vehicle(400, 150),
}

USUAL_SHARE_OF_TOP = 0.7
"""What share of a courier's own top speed the site expects of a whole ride; so that its arrival times come true."""


def top_speed_kmh(metres_per_minute: float, *, speed: float) -> int:
    """What a courier who lives `speed` times as fast has to be allowed."""
    return math.ceil(metres_per_minute * 0.06 * speed / USUAL_SHARE_OF_TOP)


def now() -> datetime:
    return datetime.now(UTC)


class Riding:
    """One courier's way about the town. Positions are taken by real time, so nobody is faster than their vehicle."""

    def __init__(
        self,
        client: Client,
        *,
        pace: Pace,
        metres_per_minute: float,
        position: Place,
        wall_clock: Callable[[], datetime] = now,
    ) -> None:
        self._client = client
        self._pace = pace
        self._metres_per_minute = metres_per_minute
        self._wall_clock = wall_clock
        self.position = position

    def minutes_to(self, place: Place) -> float:
        """Simulated minutes of riding."""
        return distance_m(self.position, place) / self._metres_per_minute

    async def report(self) -> None:
        """Say where one stands."""
        await self._send([self._noted(self._wall_clock())])

    async def ride_to(self, goal: Place) -> None:
        """Returns on arrival, with every position sent."""
        start, whole_way = self.position, self._pace.seconds(self.minutes_to(goal))
        if distance_m(start, goal) < ARRIVED_WITHIN_M:
            return
        set_out, set_out_at = self._pace.elapsed_seconds, self._wall_clock()
        underway: list[dict[str, Any]] = []
        while (ridden := self._pace.elapsed_seconds - set_out) < whole_way:
            await self._pace.wait(self._pace.minutes(_step(whole_way - ridden)))
            ridden = self._pace.elapsed_seconds - set_out
            self.position = along(start, goal, share=ridden / whole_way)
            underway.append(self._noted(set_out_at + timedelta(seconds=ridden)))
            if len(underway) == SENT_TOGETHER:
                await self._send(underway)
                underway = []
        if underway:
            await self._send(underway)

    def _noted(self, at: datetime) -> dict[str, Any]:
        return {
            "latitude": self.position.latitude,
            "longitude": self.position.longitude,
            "recorded_at": at.isoformat(),
            "accuracy_m": 5,
        }

    async def _send(self, positions: list[dict[str, Any]]) -> None:
        await self._client.post("/api/v2/couriers/me/positions", {"positions": positions}, repeatable=True)


def _step(remaining: float) -> float:
    """A regular step; the last one is never a tiny one, over which rounding would look like speed."""
    return remaining if remaining < 1.5 * NOTED_EVERY_SECONDS else NOTED_EVERY_SECONDS
