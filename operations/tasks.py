from celery import shared_task

from operations import state


@shared_task(name=state.RENEWED_BY)
def renew_state() -> None:
    state.renew_state()
