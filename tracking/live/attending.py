"""What one staff socket has been told of and has not looked at yet. Nothing piles up where a reader is slow."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Told:
    """Events have come; everything is to be shown again; these couriers are further on. Nothing: time has passed."""

    has_news: bool = False
    wants_picture: bool = False
    moved: frozenset[UUID] = frozenset()

    @property
    def is_something(self) -> bool:
        return self.has_news or self.wants_picture or bool(self.moved)


@dataclass(eq=False)
class Attendant:
    _has_news: bool = False
    _wants_picture: bool = False
    _moved: set[UUID] = field(default_factory=set)
    _failure: Exception | None = None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self) -> None:
        self._has_news = True
        self._woken.set()

    def want_picture(self) -> None:
        self._wants_picture = True
        self._woken.set()

    def hear_moves(self, courier_ids: Collection[UUID]) -> None:
        self._moved.update(courier_ids)
        self._woken.set()

    def fail(self, error: Exception) -> None:
        self._failure = error
        self._woken.set()

    async def next(self, *, within_seconds: float) -> Told:
        """Raises what has kept the board from being kept up."""
        try:
            await asyncio.wait_for(self._woken.wait(), max(0.0, within_seconds))
        except TimeoutError:
            return Told()
        self._woken.clear()
        if self._failure is not None:
            raise self._failure
        told = Told(self._has_news, self._wants_picture, frozenset(self._moved))
        self._has_news, self._wants_picture = False, False
        self._moved.clear()
        return told
