from celery import shared_task

from api.idempotency.services import PURGE_BATCH, purge_expired


@shared_task(name="api.purge_idempotency_keys")
def purge_idempotency_keys() -> int:
    """In batches, so that no transaction grows with the table."""
    purged = 0
    while True:
        count = purge_expired(PURGE_BATCH)
        purged += count
        if count < PURGE_BATCH:
            return purged
