from celery import shared_task

from accounts.services.tokens import PURGE_BATCH, purge_expired


@shared_task(name="accounts.purge_tokens")
def purge_tokens() -> int:
    """In batches, so that no transaction grows with the table."""
    purged = 0
    while True:
        count = purge_expired(PURGE_BATCH)
        purged += count
        if count < PURGE_BATCH:
            return purged
