"""The product's settings and this app, which takes the place of all other destinations in the process."""

import logging
from importlib.util import find_spec

from delivery_site.settings import *  # noqa: F403 - settings are made this way
from delivery_site.settings import INSTALLED_APPS as PRODUCT_APPS

# The library that is measured beside the product, where benchmarks/requirements.txt is installed.
COMPARED = ["django_outbox_pattern"] if find_spec("django_outbox_pattern") else []
INSTALLED_APPS = [*PRODUCT_APPS, *COMPARED, "benchmarks.outbox"]
DJANGO_OUTBOX_PATTERN = {
    "DEFAULT_CONNECTION_CLASS": "benchmarks.outbox.compared.Connection",
    "DEFAULT_PRODUCER_WAITING_TIME": 0,
}

logging.disable(logging.INFO)
