"""Claiming a key, keeping the answer under it, forgetting both in time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from api.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from api.idempotency.keys import KeyedRequest
from api.idempotency.models import IdempotencyKey
from api.purging import delete_first
from api.transactions import LOCK_TIMEOUT, transactional

TWIN_WAIT_SECONDS: Final = 2
PURGE_BATCH: Final = 1_000


def claim(request: KeyedRequest) -> IdempotencyKey:
    """The row of this key: with an answer if the request was made before, else without one and ours to fill.

    The caller is in a transaction and has changed nothing yet. Raises IdempotencyKeyReused for another request
    under the key, and IdempotencyKeyInUse when a twin is still at work after the wait.
    """
    now = timezone.now()
    row = IdempotencyKey(
        **request.scope,
        fingerprint=request.fingerprint,
        expires_at=now + timedelta(days=settings.IDEMPOTENCY_KEY_DAYS),
    )
    with _bounded_wait_for_twin():
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    held = IdempotencyKey.objects.filter(**request.scope).first()
    if held is None or held.expires_at <= now:
        IdempotencyKey.objects.filter(**request.scope, expires_at__lte=now).delete()
        return claim(request)
    if held.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused
    return held


@contextmanager
def _bounded_wait_for_twin() -> Iterator[None]:
    """A twin's insert waits for the first one's commit, on PostgreSQL no longer than this.

    On SQLite it has waited at BEGIN IMMEDIATE. DEFAULT is the lock timeout of the connection's options.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{TWIN_WAIT_SECONDS}s'")
        try:
            yield
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) == LOCK_TIMEOUT:
                raise IdempotencyKeyInUse from error
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def keep(row: IdempotencyKey, *, status: int, body: str, headers: Mapping[str, str]) -> None:
    """Save the answer together with the changes it tells of: the caller's transaction holds the claim."""
    IdempotencyKey.objects.filter(pk=row.pk).update(status=status, body=body, headers=dict(headers))


@transactional
def purge_expired(batch: int = PURGE_BATCH) -> int:
    """Delete at most `batch` expired keys and return how many there were."""
    expired = IdempotencyKey.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return delete_first(expired, limit=batch)
