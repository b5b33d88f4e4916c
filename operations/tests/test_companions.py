"""The workers of the one process: one to a queue, so that slow work holds up nothing but its own kind."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest
from celery import Celery, shared_task
from celery.platforms import EX_OK
from celery.worker import state as worker_state
from django.conf import settings as given
from kombu.transport.memory import Channel
from pytest_django import Settings

from api.tests.waiting import until
from operations.serving.companions import TASKS_AT_ONCE, Worker, app_of_its_own

SLOW_TASKS = 10
OTHERS = ("default", "notifications", "relay")

released = threading.Event()
held: list[int] = []
noted: list[tuple[str, bool]] = []
"""What was to be noted, and whether the slow tasks had been released by then."""


@shared_task(name="tests.hold_thread")
def hold(number: int) -> None:
    held.append(number)
    released.wait()


@shared_task(name="tests.note_word")
def note(word: str) -> None:
    noted.append((word, released.is_set()))


@pytest.fixture
def app(settings: Settings) -> Iterator[Celery]:
    """With the broker and the cache of an installation without Redis, and nothing in them."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.CELERY_BROKER_URL, settings.CELERY_BROKER_TRANSPORT = "memory://localhost/", "memory"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}
    released.clear()
    held.clear()
    noted.clear()
    yield app_of_its_own()
    worker_state.should_stop = None
    Channel.queues.clear()


@contextmanager
def at_work(queues: Sequence[str]) -> Iterator[list[str]]:
    """Leaving tells the workers to stop, then releases the slow tasks; yields who has ended unasked."""
    ended: list[str] = []
    workers = [Worker(queue, on_unexpected_end=ended.append) for queue in queues]
    with ExitStack() as leaving:
        for worker in workers:
            leaving.callback(worker.join)
        leaving.callback(released.set)
        for worker in workers:
            leaving.callback(worker.stop)
            worker.start()
        yield ended


def send_slow_tasks(app: Celery, number: int) -> None:
    for place in range(number):
        app.send_task("tests.hold_thread", args=[place], queue="webhooks")


def test_every_queue_has_its_worker() -> None:
    assert set(TASKS_AT_ONCE) == set(given.QUEUES)


def test_receivers_that_hang_hold_up_nothing_but_webhooks(app: Celery) -> None:
    with at_work(given.QUEUES) as ended:
        send_slow_tasks(app, SLOW_TASKS)
        until(lambda: len(held) == TASKS_AT_ONCE["webhooks"])
        for queue in OTHERS:
            app.send_task("tests.note_word", args=[queue], queue=queue)
        until(lambda: len(noted) == len(OTHERS))

        assert sorted(noted) == [(queue, False) for queue in OTHERS]
        assert len(held) == TASKS_AT_ONCE["webhooks"]
    assert ended == []


def test_one_worker_for_all_would_be_held_up(app: Celery) -> None:
    """The control: who takes from every queue gives all threads to the slow one."""
    controller = app.WorkController(
        pool="threads", concurrency=2, use_eventloop=False, without_gossip=True, without_mingle=True
    )
    thread = threading.Thread(target=controller.start)
    thread.start()
    send_slow_tasks(app, 2)
    until(lambda: len(held) == 2)
    app.send_task("tests.note_word", args=["relay"], queue="relay")
    released.set()
    until(lambda: len(noted) == 1)
    worker_state.should_stop = EX_OK  # type: ignore[assignment]  # its stub knows only the initial None
    thread.join()

    assert noted == [("relay", True)]


def test_stopping_finishes_what_is_under_way_and_leaves_the_rest(app: Celery) -> None:
    """Celery's loop looks for one message more on its way out."""
    with at_work(["webhooks"]) as ended:
        send_slow_tasks(app, SLOW_TASKS)
        until(lambda: len(held) == TASKS_AT_ONCE["webhooks"])

    assert ended == []
    assert len(held) - TASKS_AT_ONCE["webhooks"] in (0, 1)
