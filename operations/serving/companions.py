"""Celery's workers and beat in threads beside the web server."""

import logging
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from celery import Celery, current_app
from celery.beat import Service
from celery.platforms import EX_OK
from celery.worker import state as worker_state
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerUnavailable
from redis.exceptions import RedisError

from operations.serving.schedule import ScheduleInMemory

logger = logging.getLogger(__name__)

# Webhooks have the most: one of their tasks may wait half a minute for a receiver that hangs.
TASKS_AT_ONCE: Final[Mapping[str, int]] = {"relay": 2, "webhooks": 4, "notifications": 2, "default": 2}
# Of Celery's own tasks: it returns its arguments.
HARMLESS_TASK: Final = "celery.accumulate"
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

    def expect_end(self) -> None:
        self._stopping.set()

    def stop(self) -> None:
        self.expect_end()
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
    """Takes from one queue only, with threads of its own: one for all queues would hand them all to whichever queue
    has the slow tasks, and what is fetched beyond that, too."""

    def __init__(self, queue: str, *, on_unexpected_end: Callable[[str], None]) -> None:
        self.name = f"worker for {queue}"
        super().__init__(on_unexpected_end=on_unexpected_end)
        self._queue = queue
        self._app = app_of_its_own()
        self._controller = self._app.WorkController(
            queues=[queue],
            pool="threads",
            concurrency=TASKS_AT_ONCE[queue],
            hostname=f"one-process-{os.getpid()}-{queue}@{socket.gethostname()}",
            # The event loop is one for the whole process.
            use_eventloop=False,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )

    def run(self) -> None:
        """The bare controller: the worker as a program would take over signals, process title and standard output.

        Without gossip, mingle and heartbeat: it has no peers.
        """
        self._controller.start()

    def end_soon(self) -> None:
        """Its loop looks at this flag between messages and while it waits for a broker; tasks at work are finished.

        It may wait two seconds for a message, so it gets one.
        """
        worker_state.should_stop = EX_OK  # type: ignore[assignment]  # its stub knows only the initial None
        with suppress(BrokerUnavailable, RedisError, OSError):
            self._app.send_task(HARMLESS_TASK, queue=self._queue, ignore_result=True, retry=False)


def app_of_its_own() -> Celery:
    """Which queues are taken from is a property of the app."""
    app = Celery(current_app.main, set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
    return app


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
    """Workers and beat run inside this block; leaving it waits until all have ended.

    Beat is told first, because the workers' flag ends its wait for a broker too. It is one flag for all workers: who
    is told last may have ended before.
    """
    companions: list[Companion] = [
        Beat(on_unexpected_end=on_unexpected_end),
        *(Worker(queue, on_unexpected_end=on_unexpected_end) for queue in settings.QUEUES),
    ]
    for companion in companions:
        companion.start()
    try:
        yield
    finally:
        for companion in companions:
            companion.expect_end()
        for companion in companions:
            companion.stop()
        for companion in companions:
            companion.join()
