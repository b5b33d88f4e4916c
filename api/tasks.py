from celery import shared_task

from api.idempotency.services import PURGE_BATCH, purge_expired
from api.purging import until_done


@shared_task(name="api.purge_idempotency_keys")
def purge_idempotency_keys() -> int:
    return until_done(purge_expired, batch=PURGE_BATCH)
