"""How gunicorn serves the site: gunicorn --config=python:delivery_site.gunicorn delivery_site.wsgi

Options on the command line win over these.
"""

import os
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")


def logging_of_its_own() -> dict[str, Any]:
    """gunicorn's logger passes nothing on to others: it gets their handlers."""
    own = {"gunicorn.error": {**settings.LOGGING["root"], "propagate": False}}
    return {**settings.LOGGING, "loggers": {**settings.LOGGING["loggers"], **own}}


class SilentAboutRequests(Logger):
    """The site tells of each request itself (api/request_log.py). With `--access-logfile` gunicorn does so too.

    Figures for StatsD need `--logger-class=gunicorn.instrument.statsd.Statsd` beside `--statsd-host`.
    """

    @property
    def access_log_enabled(self) -> bool:
        return bool(self.cfg.accesslog)


logger_class = SilentAboutRequests
worker_class = "gthread"
threads = 16
# The most there can be: the feed of fifty types and fifty stores needs nearly twice the usual 4094.
limit_request_line = 8190
logconfig_dict = logging_of_its_own()
# It lies in the user's home folder, where all gunicorns of the user meet.
control_socket_disable = True
