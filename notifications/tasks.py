from celery import shared_task

from notifications.services import forgetting, sending


@shared_task(name="notifications.send_due")
def send_due() -> None:
    sending.send_due()


@shared_task(name="notifications.purge")
def purge() -> None:
    forgetting.purge()
