from celery import shared_task

from couriers.services import answering, retention, waiting


@shared_task(name="couriers.purge_positions")
def purge_positions() -> None:
    retention.purge_positions()


@shared_task(name="couriers.report_waiting_orders")
def report_waiting_orders() -> None:
    waiting.report_waiting_orders()


@shared_task(name="couriers.expire_offers")
def expire_offers() -> None:
    answering.expire_offers()
