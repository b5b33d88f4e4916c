"""When a failed attempt is repeated."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

JITTER: Final = 0.1
_SECONDS: Final = re.compile("[0-9]{1,60}")
# Checked before it is parsed: the parser takes much else, and some of it raises what nobody expects.
_HTTP_DATE: Final = re.compile("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
LONGEST_WAIT_SECONDS: Final = 24 * 3600.0
"""A receiver that asks for more is asked again all the same: else it could keep its deliveries for ever."""


def pause_after(
    attempt: int,
    *,
    schedule: Sequence[float],
    retry_after: str = "",
    now: datetime,
    chance: Callable[[], float] = random.random,
) -> float | None:
    """Seconds until the next attempt, the first one having been number 1; None when that was the last.

    Up to a tenth more than the schedule says, so that what failed together does not come back together, and never
    sooner than the receiver's Retry-After.
    """
    if attempt > len(schedule):
        return None
    planned = schedule[max(attempt - 1, 0)] * (1 + JITTER * chance())
    return max(planned, asked_wait(retry_after, now=now))


def asked_wait(retry_after: str, *, now: datetime) -> float:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); 0 for anything else. Never more than LONGEST_WAIT_SECONDS."""
    if _SECONDS.fullmatch(retry_after):
        return min(float(retry_after), LONGEST_WAIT_SECONDS)
    if not _HTTP_DATE.fullmatch(retry_after):
        return 0.0
    try:
        seconds = (parsedate_to_datetime(retry_after) - now).total_seconds()
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
