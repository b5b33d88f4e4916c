from celery import shared_task

from events.services import relaying, removing
from events.webhooks import sending


@shared_task(name="events.relay")
def relay() -> None:
    relaying.relay()


@shared_task(name="events.send_webhooks")
def send_webhooks() -> None:
    sending.send_due()


@shared_task(name="events.remove_old")
def remove_old() -> int:
    return removing.remove_old()
