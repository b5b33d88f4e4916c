"""Relays in processes of their own, of which one is killed every now and then and started anew at once."""

import multiprocessing
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any, Final

from django.db import connection

from events.services.relaying import relay
from events.webhooks.sending import send_due

# Forked, so that a new one is at work within milliseconds: it is the relay that is tried, not the start of Python.
FORK: Final = multiprocessing.get_context("fork")
IDLE_SECONDS: Final = 0.05


def relay_for_ever() -> None:
    """Functions in this process and HTTP addresses in turn, as there is something for them."""
    pause = threading.Event()
    while True:
        if relay() + send_due() == 0:
            pause.wait(IDLE_SECONDS)


def started(work: Callable[..., None], *args: Any) -> BaseProcess:
    """A process that shares no connection to the database with this one."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL's has a pool
    process = FORK.Process(target=work, args=args, daemon=True)
    process.start()
    return process


@dataclass
class Crew:
    work: Callable[[], None]
    size: int
    kills: int = 0
    members: list[BaseProcess] = field(default_factory=list)

    def start(self) -> None:
        self.members = [self._hire() for _ in range(self.size)]

    def kill_one(self, dice: random.Random) -> None:
        number = dice.randrange(self.size)
        self.members[number].kill()
        self.members[number].join()
        self.members[number] = self._hire()
        self.kills += 1

    def end(self) -> None:
        for member in self.members:
            member.kill()
            member.join()

    def _hire(self) -> BaseProcess:
        return started(self.work)


@contextmanager
def at_work(work: Callable[[], None], *, processes: int) -> Iterator[Crew]:
    crew = Crew(work, processes)
    crew.start()
    try:
        yield crew
    finally:
        crew.end()
