from celery import shared_task

from couriers.services import retention


@shared_task(name="couriers.purge_positions")
def purge_positions() -> None:
    retention.purge_positions()
