from celery import shared_task

from couriers.services import answering, matching, retention, waiting


@shared_task(name="couriers.purge_positions")
def purge_positions() -> None:
    retention.purge_positions()


@shared_task(name="couriers.report_waiting_orders")
def report_waiting_orders() -> None:
    waiting.report_waiting_orders()


@shared_task(name="couriers.expire_offers")
def expire_offers() -> None:
    answering.expire_offers()


@shared_task(name="couriers.match_waiting")
def match_waiting() -> None:
    matching.match_waiting()


@shared_task(name="couriers.purge_decisions")
def purge_decisions() -> None:
    retention.purge_decisions()
