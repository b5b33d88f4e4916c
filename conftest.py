"""Servers first, then Django's settings, then every other conftest: these may import models."""

import os
from collections.abc import Iterator

import django
import pytest
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


@pytest.fixture(autouse=True, scope="session")
def _only_declared_refusals() -> Iterator[None]:
    """What OpenAPI says of refusals is true in every test, for whatever reason one is answered."""
    from api.tests.declared_refusals import only_declared_refusals

    with only_declared_refusals():
        yield


@pytest.fixture(autouse=True)
def _nobody_waits_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wake-up that one test has sent does not save the next one its own."""
    monkeypatch.setattr("api.waking.is_first_to_wake", lambda task_name, args: True)
