"""Somebody who kills processes in the middle of their work, and somebody who starts them again."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from delivery_site.testing.parts import Part
from delivery_site.testing.waiting import LOOK_EVERY_SECONDS

STEPS_BETWEEN_KILLS: Final = (1, 7)
DOWN_SECONDS: Final = (0.0, 0.0, 0.5, 2.0)
"""How long nobody notices that the process is gone."""


@dataclass(frozen=True)
class Kill:
    after_seconds: float
    victim: str
    what: str
    steps_before: int
    next_step_after_seconds: float


@dataclass
class Killer:
    """Kills after every few steps of the flow, so that it meets it wherever it is; a slow machine is killed no more
    often than a fast one."""

    parts: Sequence[Part]
    steps: Callable[[], int]
    dice: random.Random
    tell: Callable[[Kill], None] = lambda kill: None
    kills: list[Kill] = field(default_factory=list)
    ended_unasked: list[str] = field(default_factory=list)
    _flow_ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_large(self, *, kills: int | None = None) -> Iterator["Future[None]"]:
        """Kills beside the block, so many times, which is when the future is done, or until the block has ended."""
        with ThreadPoolExecutor(1) as pool:
            rage = pool.submit(self._rage, kills)
            try:
                yield rage
            finally:
                self._flow_ended.set()
            rage.result()

    def _rage(self, kills: int | None) -> None:
        started = time.monotonic()
        for victim in itertools.islice(self._victims(), kills):
            self._until_steps(self.steps() + self.dice.randint(*STEPS_BETWEEN_KILLS))
            if self._flow_ended.is_set():
                return
            self._kill(victim, after_seconds=time.monotonic() - started)

    def _victims(self) -> Iterator[Part]:
        """Everybody's turn comes, in ever new order."""
        while True:
            yield from self.dice.sample(self.parts, k=len(self.parts))

    def _kill(self, victim: Part, *, after_seconds: float) -> None:
        began, before = time.monotonic(), self.steps()
        what = victim.kill(self.dice)
        self._flow_ended.wait(self.dice.choice(DOWN_SECONDS))
        victim.start()
        self._until_steps(before + 1)
        kill = Kill(after_seconds, victim.name, what, before, time.monotonic() - began)
        self.kills.append(kill)
        self.tell(kill)

    def _until_steps(self, number: int) -> None:
        while self.steps() < number and not self._flow_ended.wait(LOOK_EVERY_SECONDS):
            self.look_after_everybody()

    def look_after_everybody(self) -> None:
        """Nobody but us ends a process: one that ended by itself is remembered, and started again."""
        for part in self.parts:
            if not part.is_running:
                self.ended_unasked.append(part.name)
                part.start()
