from celery import shared_task

from tracking.roads import finding, forgetting


@shared_task(name="tracking.find_routes")
def find_routes() -> None:
    finding.find_routes()


@shared_task(name="tracking.forget_routes")
def forget_routes() -> None:
    forgetting.forget_routes()
