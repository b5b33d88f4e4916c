"""The worker of docs/running.md with a task that takes as long as a test wants it to:

celery --app=delivery_site.testing.held_tasks worker
"""

from typing import Final

from django.conf import settings
from redis import Redis

from delivery_site.celery import app

HOLD: Final = "tests.hold"
NOTE: Final = "tests.note"
LEAK: Final = "tests.leak"
BEGUN: Final = "tests:begun"
DONE: Final = "tests:done"
GO: Final = "tests:go"
LONGEST_SECONDS: Final = 60
LEAKED_BYTES: Final = 64 * 1024 * 1024

leaked: list[bytes] = []


@app.task(name=HOLD)
def hold(name: str) -> None:
    """Says that it has begun, and is done when somebody puts a word for it into `GO`."""
    with Redis.from_url(settings.REDIS_URL, socket_timeout=LONGEST_SECONDS + 1) as memory:
        memory.rpush(BEGUN, name)
        memory.blpop([GO], timeout=LONGEST_SECONDS)
        memory.rpush(DONE, name)


@app.task(name=NOTE)
def note(name: str) -> None:
    """Is done at once."""
    with Redis.from_url(settings.REDIS_URL) as memory:
        memory.rpush(DONE, name)


@app.task(name=LEAK)
def leak(name: str) -> None:
    """Is done at once, and never gives back what it took."""
    leaked.append(b"x" * LEAKED_BYTES)
    note(name)
