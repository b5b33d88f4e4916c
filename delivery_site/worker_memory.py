"""A worker that has grown too large ends in order, and whatever keeps it running starts a fresh one.

Celery's own bounds (`worker_max_tasks_per_child`, `worker_max_memory_per_child`) replace child processes, of which a
pool of threads has none. See docs/decisions/0008-workers-end-when-they-have-grown.md.
"""

import logging
from typing import Final

import psutil
from celery.platforms import EX_OK
from celery.signals import celeryd_init, task_postrun
from celery.worker import state as worker_state
from django.conf import settings

logger = logging.getLogger(__name__)

MEGABYTE: Final = 1024 * 1024


@celeryd_init.connect(dispatch_uid="delivery_site.watch_memory")
def watch_memory(**_: object) -> None:
    """Only the worker as a program: the one process beside the web server is not the worker's to end."""
    if settings.WORKER_MEMORY_LIMIT_MB:
        task_postrun.connect(end_if_too_large, dispatch_uid="delivery_site.end_if_too_large")


def end_if_too_large(**_: object) -> None:
    """The flag that SIGTERM sets too: tasks under way are finished, what waits is left for others, exit status 0."""
    size_mb = psutil.Process().memory_info().rss // MEGABYTE
    if size_mb < settings.WORKER_MEMORY_LIMIT_MB or worker_state.should_stop is not None:
        return
    logger.warning("the worker has grown to %s MB and ends, to be started again", size_mb)
    worker_state.should_stop = EX_OK  # type: ignore[assignment]  # its stub knows only the initial None
