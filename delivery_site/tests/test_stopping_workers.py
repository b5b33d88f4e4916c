"""What a worker does with its tasks when it is told to stop: docs/running.md, "Stopping"."""

import base64
import json
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from kombu import Connection
from redis import Redis

from delivery_site.celery import app
from delivery_site.testing import held_tasks
from delivery_site.testing.held_tasks import BEGUN, DONE, GO, HOLD, LEAK, NOTE
from delivery_site.testing.installation import environment_of
from delivery_site.testing.parts import Broker, Program
from delivery_site.testing.servers import free_port
from delivery_site.testing.waiting import LOOK_EVERY_SECONDS, until

THREADS: Final = 2
# Room for a few leaks of 64 MB above what a worker has anyway.
LIMIT_MB: Final = 400
QUEUE: Final = "default"
TASKS: Final = ("a", "b", "c", "d", "e")
STOPS_WITHIN_SECONDS: Final = 60.0
UNACKNOWLEDGED: Final = "unacked"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no Valkey on Windows, and nobody to signal")


@dataclass(frozen=True)
class Bench:
    """A broker, and a worker that takes two tasks at once from one queue."""

    broker: Broker
    worker: Program
    memory: Any

    def send(self, task: str, names: Sequence[str]) -> None:
        with Connection(self.broker.url, transport=settings.CELERY_BROKER_TRANSPORT) as connection:
            for name in names:
                app.send_task(task, args=[name], queue=QUEUE, connection=connection)

    def release(self, number: int) -> None:
        self.memory.rpush(GO, *["go"] * number)

    def told(self, key: str) -> list[str]:
        return [word.decode() for word in self.memory.lrange(key, 0, -1)]

    @property
    def begun(self) -> list[str]:
        return self.told(BEGUN)

    @property
    def done(self) -> list[str]:
        return self.told(DONE)

    @property
    def waiting(self) -> list[str]:
        bodies = [json.loads(message)["body"] for message in self.memory.lrange(QUEUE, 0, -1)]
        return [json.loads(base64.b64decode(body))[0][0] for body in bodies]

    @property
    def in_hand(self) -> int:
        """How many were fetched and neither acknowledged nor given back."""
        return int(self.memory.hlen(UNACKNOWLEDGED))

    def tell(self, number: int, *, until_it_says: str) -> None:
        self.worker.process.send_signal(number)
        until(lambda: until_it_says in self.worker.log.read_text(encoding="utf-8"))

    def wait(self) -> int:
        return self.worker.process.wait(STOPS_WITHIN_SECONDS)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    broker = Broker(tmp_path)
    broker.start()
    command = ["celery", "--quiet", f"--app={held_tasks.__name__}", "worker", f"--queues={QUEUE}", f"-c{THREADS}"]
    environment = environment_of(tmp_path, port=free_port(), REDIS_URL=broker.url, WORKER_MEMORY_LIMIT_MB=str(LIMIT_MB))
    worker = Program("worker", command, environment, tmp_path)
    try:
        with Redis.from_url(broker.url) as memory:
            yield Bench(broker, worker, memory)
    finally:
        worker.end()
        broker.end()


def test_terminated_worker_finishes_what_is_under_way_and_leaves_the_rest(bench: Bench) -> None:
    bench.send(HOLD, TASKS)
    bench.worker.start()
    until(lambda: len(bench.begun) == THREADS)

    bench.tell(signal.SIGTERM, until_it_says="worker: Warm shutdown")
    bench.worker.process.send_signal(signal.SIGTERM)  # a second one changes nothing
    bench.release(THREADS)

    assert bench.wait() == 0
    assert sorted(bench.done) == sorted(bench.begun) == ["a", "b"]
    assert (sorted(bench.waiting), bench.in_hand) == (["c", "d", "e"], 0)

    bench.worker.start()
    bench.release(len(TASKS) - THREADS)
    until(lambda: len(bench.done) == len(TASKS))
    assert sorted(bench.begun) == sorted(bench.done) == sorted(TASKS)


def test_every_task_that_arrives_while_the_worker_stops_is_done_or_left(bench: Bench) -> None:
    """Its question for more is under way when it is told to stop, and Redis may answer at the last moment."""
    bench.worker.start()
    with sending_all_the_time(bench) as sent:
        until(lambda: len(bench.done) > THREADS)
        bench.worker.process.send_signal(signal.SIGTERM)
        assert bench.wait() == 0
        seen = len(sent)
        until(lambda: len(sent) > seen)

    assert bench.in_hand == 0
    assert sorted(bench.done + bench.waiting) == sorted(sent)


@contextmanager
def sending_all_the_time(bench: Bench) -> Iterator[list[str]]:
    sent: list[str] = []
    enough = threading.Event()

    def send() -> None:
        while not enough.wait(LOOK_EVERY_SECONDS / 2):
            name = str(len(sent))
            bench.send(NOTE, [name])
            sent.append(name)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        enough.set()
        sender.join()


def test_threads_cannot_be_interrupted_so_quitting_waits_for_them_too(bench: Bench) -> None:
    """What a process pool would do at SIGQUIT, this one cannot: it says so, and ends with status 1."""
    bench.send(HOLD, TASKS)
    bench.worker.start()
    until(lambda: len(bench.begun) == THREADS)

    bench.tell(signal.SIGQUIT, until_it_says="does not implement kill_job")
    bench.release(THREADS)

    assert bench.wait() == 1
    assert sorted(bench.done) == sorted(bench.begun) == ["a", "b"]
    assert sorted(bench.waiting) == ["c", "d", "e"]


def test_worker_that_leaks_is_replaced_before_it_has_grown_too_large(bench: Bench) -> None:
    """Ends by itself with status 0 between tasks, so that nothing is lost, nothing twice."""
    names = [str(number) for number in range(12)]
    bench.send(LEAK, names)
    lives = 0
    while len(bench.done) < len(names):
        bench.worker.start()
        lives += 1
        until(lambda: not bench.worker.is_running or len(bench.done) == len(names))
        assert bench.worker.is_running or bench.wait() == 0

    assert lives > 1
    assert sorted(bench.done, key=int) == names
    assert "the worker has grown to" in bench.worker.log.read_text(encoding="utf-8")
