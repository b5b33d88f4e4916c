"""The questions readiness asks. Each returns or raises; what it raises is for the log, never for the answer."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import redis
from django.conf import settings
from django.db import connection

from api.listening import SILENT_SECONDS, silent_queues
from operations.health.migrations import unapplied_migrations

LEAST_FREE_BYTES: Final = 64 * 1024 * 1024
REDIS_TIMEOUT_SECONDS: Final = 1.0


class NotHealthy(Exception):
    """A check has found what it looks for."""


@dataclass(frozen=True)
class HealthCheck:
    """`required`: without it the process cannot work and should get no requests; else it works with less comfort."""

    name: str
    run: Callable[[], None]
    required: bool = True


def database_answers() -> None:
    """Through the pool, so that an exhausted pool is seen as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations_are_applied() -> None:
    """Asked until the answer is yes, which it then is for the life of this process: its code does not change."""
    if not _known.migrated:
        if missing := unapplied_migrations():
            raise NotHealthy(f"{len(missing)} migrations are not applied")
        _known.migrated = True


def disk_has_room() -> None:
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < LEAST_FREE_BYTES:
        raise NotHealthy(f"{free} bytes are free in {settings.VAR_DIR}")


def redis_answers() -> None:
    """Broker and cache. Orders are taken without it: work waits in the database until it is back."""
    with redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=None,
    ) as client:
        client.ping()


def every_queue_has_a_worker() -> None:
    """A process that has just started gives the workers the time that it would give them anyway."""
    if time.monotonic() < _known.started + SILENT_SECONDS:
        return
    if silent := silent_queues():
        raise NotHealthy(f"nobody has begun a task for {SILENT_SECONDS} s from: {', '.join(silent)}")


@dataclass
class _Known:
    migrated: bool = False
    started: float = field(default_factory=time.monotonic)


_known = _Known()


def startup_checks() -> tuple[HealthCheck, ...]:
    return (HealthCheck("database", database_answers), HealthCheck("migrations", migrations_are_applied))


def readiness_checks() -> tuple[HealthCheck, ...]:
    """Those that apply to this installation. Only SQLite needs the disk of the machine it is asked on."""
    disk = HealthCheck("disk", disk_has_room, required=not settings.DATABASE_URL)
    broker = (HealthCheck("redis", redis_answers, required=False),) if settings.REDIS_URL else ()
    return (*startup_checks(), disk, *broker, HealthCheck("workers", every_queue_has_a_worker, required=False))
