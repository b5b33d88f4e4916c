"""Telling a worker that there is work. The work itself is a row: a lost wake only waits for the next sweep."""

import logging
import time
from dataclasses import dataclass
from typing import Final

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError as BrokerUnavailable
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SILENT_SECONDS: Final = 5.0
"""How long nobody is woken through a broker that was away: asking costs a request its timeout, and sweeps find the
work all the same."""


def wake(task_name: str, *args: str | int) -> None:
    """Send the Celery task `task_name` once the current transaction has committed, and once only.

    An equal wake already waiting lives at least as long as this one would: its savepoint is ours or encloses it.
    """
    call = _Wake(task_name, args)
    if connection.in_atomic_block and any(hook[1] == call for hook in connection.run_on_commit):
        return
    transaction.on_commit(call)


@dataclass(slots=True)
class _Silence:
    until: float = 0.0


silence = _Silence()


@dataclass(frozen=True, slots=True)
class _Wake:
    task_name: str
    args: tuple[str | int, ...]

    def __call__(self) -> None:
        """The settings bound how long a broker may take: connection timeouts, no publish retries."""
        if time.monotonic() < silence.until:
            return
        try:
            current_app.send_task(self.task_name, args=self.args, ignore_result=True, retry=False)
        except (BrokerUnavailable, RedisError, OSError) as error:
            silence.until = time.monotonic() + SILENT_SECONDS
            logger.warning("could not wake %s: %s", self.task_name, error)
