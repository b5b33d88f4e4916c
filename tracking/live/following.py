"""What one socket has been told and has not looked at yet. Nothing piles up where a reader is slow."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from couriers.moving import Move
from tracking.eta import Reached


@dataclass(frozen=True)
class Heard:
    """The order may have changed; the courier may be further on, and `reached` is known if they have other orders too.
    Neither: only time has passed."""

    has_changed: bool
    move: Move | None
    reached: Reached | None = None


@dataclass(eq=False)
class Follower:
    """`knows` says what the reader has, so that it is not woken for that."""

    order_id: UUID
    _version: int | None = None
    _sequence: int = 0
    _has_changed: bool = False
    _move: Move | None = None
    _reached: Reached | None = None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def knows(self, *, version: int, sequence: int) -> None:
        self._version, self._sequence = version, sequence

    def hear_event(self, sequence: int) -> None:
        """Before the reader knows anything, it is told all."""
        if sequence > self._sequence:
            self.hear_change()

    def hear_version(self, version: int | None) -> None:
        """None: the order is not shown any more, which the reader finds out by looking."""
        if version != self._version:
            self.hear_change()

    def hear_change(self) -> None:
        self._has_changed = True
        self._woken.set()

    def hear_move(self, move: Move, *, reached: Reached | None) -> None:
        """Requests that run side by side may tell of a courier's moves in any order."""
        held = self._move
        if held and held.courier_id == move.courier_id and held.recorded_at > move.recorded_at:
            return
        self._move, self._reached = move, reached
        self._woken.set()

    async def next(self, *, within_seconds: float) -> Heard:
        try:
            async with asyncio.timeout(within_seconds):
                await self._woken.wait()
        except TimeoutError:
            return Heard(has_changed=False, move=None)
        heard = Heard(has_changed=self._has_changed, move=self._move, reached=self._reached)
        self._has_changed, self._move, self._reached = False, None, None
        self._woken.clear()
        return heard
