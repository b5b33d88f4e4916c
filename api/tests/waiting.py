"""Threads that wait for each other in a test, each for a condition and not for a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from django.db import connection

PATIENCE_SECONDS: Final = 60.0


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """The results of `works`, all started at the same moment, each in a thread with its own connection."""
    start = threading.Barrier(len(works))
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(_after, start, work) for work in works]
        return [future.result(PATIENCE_SECONDS) for future in futures]


def in_background(pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Future[Any]:
    return pool.submit(_closing, work)


def _after(start: threading.Barrier, work: Callable[[], Any]) -> Any:
    start.wait(PATIENCE_SECONDS)
    return _closing(work)


def _closing(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connection.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come true")


def somebody_waits_for_a_lock() -> bool:
    """On PostgreSQL: whether a connection to this database waits for a lock another one holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
