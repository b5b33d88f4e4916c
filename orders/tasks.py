from celery import shared_task

from orders.services import anonymising, expiry


@shared_task(name="orders.expire_due")
def expire_due() -> None:
    expiry.expire_due_orders()


@shared_task(name="orders.anonymise_due")
def anonymise_due() -> None:
    anonymising.anonymise_due_orders()
