"""Servers first, then Django's settings, then every other conftest: these may import models."""

import os

import django
from django.conf import settings

from delivery_site.testing.borrowing import borrow_missing_servers

if settings.configured:
    raise SystemExit("Unset DJANGO_SETTINGS_MODULE: the tests choose their servers before they read the settings.")

borrow_missing_servers()
# A developer's own .env has no say in the tests, and a hundred racing threads need a connection each.
os.environ |= {"ENV_FILE": os.devnull, "DATABASE_POOL_MAX_SIZE": "120"}
os.environ["DJANGO_SETTINGS_MODULE"] = "delivery_site.settings"
django.setup()
# The workers of pytest-xdist inherit this environment, and each has to come along here before it reads the settings.
del os.environ["DJANGO_SETTINGS_MODULE"]
