"""Servers first, then Django's settings, then every other conftest: these may import models."""

import os

import django
import pytest
from django.conf import settings

from delivery_site.testing.borrowing import borrow_missing_servers

if settings.configured:
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests choose their servers before they read settings.")

borrow_missing_servers()
os.environ["DJANGO_SETTINGS_MODULE"] = "delivery_site.settings"
django.setup()
