"""The Celery application: `celery -A delivery_site worker|beat`."""

import os

from celery import Celery
from celery.signals import worker_init

from delivery_site import worker_memory
from delivery_site.readiness import keep_pauses_short

del worker_memory
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

app = Celery("delivery_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect(dispatch_uid="delivery_site.keep_pauses_short")
def be_ready(**_: object) -> None:
    keep_pauses_short()
