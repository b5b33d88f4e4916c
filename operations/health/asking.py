"""Asking checks so that the asker never waits long, and that a flood of askers costs no more than one."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import connection

from operations.health.checks import HealthCheck

logger = logging.getLogger(__name__)

ANSWER_WITHIN_SECONDS: Final = 2.0


class Outcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Answer:
    check: HealthCheck
    outcome: Outcome


def ask(checks: Sequence[HealthCheck], *, within_seconds: float = ANSWER_WITHIN_SECONDS) -> list[Answer]:
    """All at once, and all within one deadline: a check may hang in a pool or a network that says nothing."""
    deadline = time.monotonic() + within_seconds
    runs = [(check, _shared_run(check)) for check in checks]
    return [Answer(check, _outcome(check, run, deadline=deadline)) for check, run in runs]


def _outcome(check: HealthCheck, run: "Future[None]", *, deadline: float) -> Outcome:
    try:
        error = run.exception(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        logger.warning("health check %s has not answered in time", check.name)
        return Outcome.TIMEOUT
    if error is None:
        return Outcome.OK
    logger.warning("health check %s: %s: %s", check.name, type(error).__name__, error)
    return Outcome.FAILED


_runs: dict[HealthCheck, "Future[None]"] = {}
_runs_lock = threading.Lock()


def _shared_run(check: HealthCheck) -> "Future[None]":
    """The run of this check that is under way, else a new one: however many ask, one thread is at it.

    A daemon thread: a check that hangs must not keep the process from ending.
    """
    with _runs_lock:
        run = _runs.get(check)
        if run is None or run.done():
            run = _runs[check] = Future()
            threading.Thread(target=_carry_out, args=(check, run), name=f"health-{check.name}", daemon=True).start()
        return run


def _carry_out(check: HealthCheck, run: "Future[None]") -> None:
    try:
        check.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        run.set_exception(error)
    else:
        run.set_result(None)
    finally:
        connection.close()
