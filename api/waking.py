"""Telling a worker that there is work. The work itself is a row: a lost wake only waits for the next sweep."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from celery import current_app
from celery.signals import task_prerun
from django.core.cache import cache
from django.db import connection, transaction
from kombu.exceptions import OperationalError as BrokerUnavailable
from redis.exceptions import RedisError

from api.silence import Silence

logger = logging.getLogger(__name__)

silence: Final = Silence()
"""Nobody is woken through a broker that was away: sweeps find the work all the same."""

WAITING_SECONDS: Final = 10
"""How long a message is taken to be still waiting when no worker has said otherwise: what its loss can cost."""
EXPIRES_SECONDS: Final = 60
"""What is older is discarded. Far above `WAITING_SECONDS`, because the clocks of two machines differ."""


def wake(task_name: str, *args: str | int) -> None:
    """Send the Celery task `task_name` once the current transaction has committed, unless one is waiting already.

    An equal wake already waiting lives at least as long as this one would: its savepoint is ours or encloses it.
    """
    call = _Wake(task_name, args)
    if connection.in_atomic_block and any(hook[1] == call for hook in connection.run_on_commit):
        return
    transaction.on_commit(call)


@dataclass(frozen=True, slots=True)
class _Wake:
    task_name: str
    args: tuple[str | int, ...]

    def __call__(self) -> None:
        """The settings bound how long a broker may take: connection timeouts, no publish retries."""
        if silence.is_kept:
            return
        try:
            if is_first_to_wake(self.task_name, self.args):
                self._send()
        except (BrokerUnavailable, RedisError, OSError) as error:
            silence.begin()
            logger.warning("could not wake %s: %s", self.task_name, error)

    def _send(self) -> None:
        current_app.send_task(self.task_name, args=self.args, ignore_result=True, retry=False, expires=EXPIRES_SECONDS)


def is_first_to_wake(task_name: str, args: Sequence[Any]) -> bool:
    """Whether no equal message is waiting, by a mark that lasts until a worker begins the task or `WAITING_SECONDS`.

    Where one is, nobody needs another: it begins after this moment, so it finds what is committed by now.
    """
    return cache.add(_mark(task_name, args), True, timeout=WAITING_SECONDS)


@task_prerun.connect(dispatch_uid="api.woken")
def woken(task: Any = None, args: Sequence[Any] = (), **_: object) -> None:
    """Before the task looks for its work: whoever commits from now on sends another message."""
    try:
        cache.delete(_mark(task.name, args))
    except (RedisError, OSError) as error:
        logger.warning("could not forget that %s was waiting: %s", task.name, error)


def _mark(task_name: str, args: Sequence[Any]) -> str:
    return ":".join(["waiting", task_name, *map(str, args)])
