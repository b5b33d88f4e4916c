"""Which queue a task waits in, and that somebody listens to each."""

import re

import pytest
from celery.exceptions import QueueNotFound
from django.conf import settings

from delivery_site.celery import app
from delivery_site.testing.sources import text_of


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("events.relay", "relay"),
        ("events.send_webhooks", "webhooks"),
        ("notifications.send", "notifications"),
        ("payments.submit_due", "default"),
        ("orders.expire_due", "default"),
    ],
)
def test_every_kind_of_work_has_its_queue(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue


def test_a_queue_nobody_made_is_refused() -> None:
    with pytest.raises(QueueNotFound):
        app.send_task("orders.expire_due", queue="urgent")


def test_scheduled_jobs_are_known_tasks() -> None:
    app.loader.import_default_modules()
    scheduled: set[str] = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert sorted(scheduled - set(app.tasks)) == []


def test_compose_and_running_page_have_a_worker_for_every_queue() -> None:
    for document in ("docker-compose.yml", "docs/running.md"):
        listened_to = ",".join(re.findall(r"--queues=(\w+(?:,\w+)*)", text_of(document))).split(",")
        assert sorted(listened_to) == sorted(settings.QUEUES)
