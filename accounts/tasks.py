from celery import shared_task

from accounts.services import tickets
from accounts.services.tokens import PURGE_BATCH, purge_expired
from api.purging import until_done


@shared_task(name="accounts.purge_tokens")
def purge_tokens() -> int:
    purged = until_done(purge_expired, batch=PURGE_BATCH)
    return purged + until_done(tickets.purge_expired, batch=PURGE_BATCH)
