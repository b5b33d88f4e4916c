"""Whether somebody takes tasks from each queue: every worker leaves a sign of life of the queues it begins tasks of.

Beat sends to each of them every few seconds, so a queue without a sign has no worker, or only one that is stuck. What
waits for it is safe in the database, and would wait for ever.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from celery import current_app
from celery.signals import task_prerun
from django.conf import settings
from django.core.cache import cache
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SILENT_SECONDS: Final = 60
"""Longer than a busy worker takes to begin something: receivers of webhooks that hang hold its threads for a while."""
SIGN_EVERY_SECONDS: Final = 5

_signs: dict[str, float] = {}
"""When this process has last left a sign, by queue."""


@task_prerun.connect(dispatch_uid="api.leave_sign_of_life")
def leave_sign_of_life(task: Any = None, **_: object) -> None:
    queue = (task.request.delivery_info or {}).get("routing_key")
    now = time.monotonic()
    if queue in settings.QUEUES and now >= _signs.get(queue, 0) + SIGN_EVERY_SECONDS:
        _signs[queue] = now
        try:
            cache.set(_key(queue), time.time(), timeout=SILENT_SECONDS)
        except (RedisError, OSError) as error:
            logger.warning("could not leave a sign of life of %s: %s", queue, error)


def swept_queues() -> list[str]:
    """Those that beat sends to all the time."""
    schedule: Mapping[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    sweeps = [entry for entry in schedule.values() if entry["schedule"] <= settings.SWEEP_SECONDS]
    router = current_app.amqp.router
    return sorted({router.route({}, entry["task"])["queue"].name for entry in sweeps})


def silent_queues() -> list[str]:
    """Raises what the cache raises when it is away."""
    heard = last_heard(queues := swept_queues())
    return [queue for queue in queues if queue not in heard]


def last_heard(queues: Iterable[str]) -> Mapping[str, float]:
    """Unix times of the last signs of life; a queue that has been silent for too long is left out."""
    keys = {_key(queue): queue for queue in queues}
    return {keys[key]: moment for key, moment in cache.get_many(list(keys)).items()}


@dataclass(frozen=True, kw_only=True)
class QueueFigures:
    """None is what cannot be asked: Redis is away, the broker is another process's memory, or nobody was heard."""

    queue: str
    waiting: int | None
    heard_seconds_ago: float | None


def queue_figures() -> tuple[QueueFigures, ...]:
    try:
        waiting, heard = _lengths(), last_heard(settings.QUEUES)
    except (RedisError, OSError):  # said by the figures; a line in the log would stand among a command's JSON
        waiting, heard = {}, {}
    now = time.time()
    return tuple(
        QueueFigures(
            queue=queue,
            waiting=waiting.get(queue),
            heard_seconds_ago=round(max(now - heard[queue], 0.0), 1) if queue in heard else None,
        )
        for queue in settings.QUEUES
    )


def _lengths() -> Mapping[str, int]:
    """Of the lists that Celery's broker keeps in Redis."""
    if not settings.REDIS_URL:
        return {}
    limits = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=limits["socket_connect_timeout"],
        socket_timeout=limits["socket_timeout"],
        retry=None,
    ) as broker:
        pipeline = broker.pipeline(transaction=False)
        for queue in settings.QUEUES:
            pipeline.llen(queue)
        return dict(zip(settings.QUEUES, pipeline.execute(), strict=True))


def _key(queue: str) -> str:
    return f"worker-heard:{queue}"
