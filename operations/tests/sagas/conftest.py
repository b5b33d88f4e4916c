"""The platform at work in this process, with its worker and beat: so the world around it can be made to fail."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from celery.worker import state as worker_state
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import Role
from operations.serving.companions import alongside
from operations.tests.contract.site import DEMO_PASSWORD, Person, Site
from operations.tests.contract.story import Shop, new_courier, newcomer, open_shop


@pytest.fixture
def _django_db_helper() -> None:
    """In place of pytest-django's: a test neither rolls back nor empties the database that others are at work on."""


@pytest.fixture(scope="package")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Tasks run for real: woken at the commit, swept every two seconds. One database for all of these tests, each of
    which has its own people and orders: starting and stopping takes longer than a test."""
    with django_db_blocker.unblock(), at_work() as http:
        yield Site(http)


@contextmanager
def at_work() -> Iterator[httpx.Client]:
    server = LiveServer("localhost")
    ended: list[str] = []
    try:
        with (
            override_settings(INTERNAL_URL=server.url),
            pytest.MonkeyPatch.context() as patching,
            httpx.Client(base_url=server.url, timeout=60) as http,
        ):
            patching.setattr(worker_state, "should_stop", None)
            # Celery's own help for Django, by which it finds the tasks, looks for it.
            patching.setenv("DJANGO_SETTINGS_MODULE", "delivery_site.settings")
            with alongside(on_unexpected_end=ended.append):
                yield http
    finally:
        server.stop()
        call_command("flush", interactive=False, verbosity=0)
    assert ended == []


@pytest.fixture(scope="package")
def admin(site: Site) -> Person:
    User.objects.create_user("admin@example.com", role=Role.ADMIN, password=DEMO_PASSWORD)
    return site.sign_in("admin@example.com")


@pytest.fixture(scope="package")
def customer(admin: Person) -> Person:
    return newcomer(admin, "customer")


@pytest.fixture
def courier(admin: Person) -> Person:
    return new_courier(admin, admin)


@pytest.fixture
def shop(admin: Person) -> Shop:
    return open_shop(admin)
