"""Celery's worker and beat in threads beside the web server."""

import logging
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from celery import current_app
from celery.beat import Service
from celery.platforms import EX_OK
from celery.worker import state as worker_state

from api.waking import wake
from operations.serving.schedule import ScheduleInMemory

logger = logging.getLogger(__name__)

TASKS_AT_ONCE: Final = 4
# Beat sleeps uninterruptibly between two looks at its schedule.
BEAT_INTERVAL_SECONDS: Final = 1


class Companion(ABC):
    """Runs in a thread of its own until it is told to stop; an end nobody asked for is reported."""

    name: str

    def __init__(self, *, on_unexpected_end: Callable[[str], None]) -> None:
        self._on_unexpected_end = on_unexpected_end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, name=self.name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.end_soon()

    def join(self) -> None:
        self._thread.join()

    def _live(self) -> None:
        try:
            self.run()
        except Exception:  # nobody above this frame would say it
            logger.exception("%s failed", self.name)
        finally:
            if not self._stopping.is_set():
                self._on_unexpected_end(self.name)

    @abstractmethod
    def run(self) -> None:
        """Everything it does, in its own thread."""

    @abstractmethod
    def end_soon(self) -> None:
        """Called from another thread."""


class Worker(Companion):
    name = "worker"

    def run(self) -> None:
        """The bare controller: the worker as a program would take over signals, process title and standard output.

        Without gossip, mingle and heartbeat: it has no peers.
        """
        current_app.WorkController(
            pool="threads",
            concurrency=TASKS_AT_ONCE,
            hostname=f"one-process-{os.getpid()}@{socket.gethostname()}",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        ).start()

    def end_soon(self) -> None:
        """Its loop looks at this flag between messages and while it waits for a broker; tasks at work are finished.

        It may wait two seconds for a message, so it gets one that can do no harm.
        """
        worker_state.should_stop = EX_OK  # type: ignore[assignment]  # its stub knows only the initial None
        wake("events.relay")


class Beat(Companion):
    name = "beat"

    def __init__(self, *, on_unexpected_end: Callable[[str], None]) -> None:
        super().__init__(on_unexpected_end=on_unexpected_end)
        self._service = Service(current_app, max_interval=BEAT_INTERVAL_SECONDS, scheduler_cls=ScheduleInMemory)

    def run(self) -> None:
        self._service.start()

    def end_soon(self) -> None:
        self._service.stop()


@contextmanager
def alongside(*, on_unexpected_end: Callable[[str], None]) -> Iterator[None]:
    """Worker and beat run inside this block; leaving it waits until both have ended.

    Beat is told first, because the worker's flag ends its wait for a broker too.
    """
    companions: Sequence[Companion] = [
        Beat(on_unexpected_end=on_unexpected_end),
        Worker(on_unexpected_end=on_unexpected_end),
    ]
    for companion in companions:
        companion.start()
    try:
        yield
    finally:
        for companion in companions:
            companion.stop()
        for companion in companions:
            companion.join()
