from celery import shared_task

from payments.providers.simulated_callbacks import send_due_callbacks as send_callbacks
from payments.services import submitting


@shared_task(name="payments.submit_due")
def submit_due() -> None:
    submitting.submit_due()


@shared_task(name="payments.send_due_callbacks")
def send_due_callbacks() -> None:
    send_callbacks()
