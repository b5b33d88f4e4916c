"""The Celery application: `celery -A delivery_site worker|beat`."""

import os

from celery import Celery

from delivery_site import worker_memory

del worker_memory
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

app = Celery("delivery_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
