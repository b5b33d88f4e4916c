"""The simulated clock: minutes of the simulated day against seconds of ours."""

import asyncio
import time
from collections.abc import Awaitable, Callable

SECONDS_PER_MINUTE = 60.0


class Pace:
    """A day that passes `speed` times as fast as ours; minute `first_minute` is when the clock is started.

    The clock never waits for anybody: who is late is late, as on a real day.
    """

    def __init__(
        self,
        *,
        speed: float,
        first_minute: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.speed = speed
        self._first_minute = first_minute
        self._clock = clock
        self._sleep = sleep
        self._started = clock()

    def start(self) -> None:
        """Now is the first minute: preparations before it cost none of the day."""
        self._started = self._clock()

    @property
    def minute(self) -> float:
        """The simulated minute it is now."""
        return self._first_minute + self.minutes(self.elapsed_seconds)

    @property
    def elapsed_seconds(self) -> float:
        """Real seconds since the start."""
        return self._clock() - self._started

    def minutes(self, seconds: float) -> float:
        """Simulated minutes in `seconds` real ones."""
        return seconds * self.speed / SECONDS_PER_MINUTE

    def seconds(self, minutes: float) -> float:
        """Real seconds in `minutes` simulated ones."""
        return minutes * SECONDS_PER_MINUTE / self.speed

    async def wait(self, minutes: float) -> None:
        """Let simulated minutes pass."""
        await self._sleep(max(0.0, self.seconds(minutes)))

    async def until(self, minute: float) -> None:
        """Wait for a minute of the day; at once when it has passed."""
        await self.wait(minute - self.minute)
