"""Working off what is due to be told to other systems: one lease at a time, retries with bounded backoff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from api.waking import wake
from payments.models import OutboundWork

# A longer queue is continued by another run of the task, so that no run keeps a worker that is to stop.
STEPS_PER_RUN: Final = 200


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Pauses of 1, 2, 4, 8 … seconds up to the longest, until the attempts are used up."""

    attempts: int
    longest_pause_seconds: int

    def pause_after(self, attempt: int) -> timedelta | None:
        """How long to wait after the `attempt`-th failure; None to give up. Attempts count from 1."""
        if attempt >= self.attempts:
            return None
        return timedelta(seconds=min(2 ** (attempt - 1), self.longest_pause_seconds))


def work_off(step: Callable[[], bool], *, task: str) -> int:
    """Repeat `step`, which says whether it found something to do, until it did not; returns how often it did."""
    for done in range(STEPS_PER_RUN):
        if not step():
            return done
    wake(task)
    return STEPS_PER_RUN


def finish(work: OutboundWork, **changes: Any) -> None:
    """It was handed over: nothing is due any more."""
    _still_held(work).update(submit_at=None, leased_until=None, **changes)


def postpone(work: OutboundWork, *, pause: timedelta, **changes: Any) -> None:
    _still_held(work).update(submit_at=timezone.now() + pause, leased_until=None, **changes)


def is_still_held(work: OutboundWork) -> bool:
    return _still_held(work).exists()


def _still_held(work: OutboundWork) -> QuerySet[Any]:
    """The row, unless it was settled meanwhile or the lease ran out and another worker has taken it."""
    rows: QuerySet[Any] = type(work)._base_manager.filter(  # noqa: SLF001
        pk=work.pk, submit_attempts=work.submit_attempts, submit_at__isnull=False
    )
    return rows
