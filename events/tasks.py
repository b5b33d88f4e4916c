from celery import shared_task

from events.services import relaying


@shared_task(name="events.relay")
def relay() -> None:
    relaying.relay()
