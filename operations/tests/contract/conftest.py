"""The site in a process of its own, with nothing installed or on PostgreSQL, for all scenarios."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
from django.conf import settings
from psycopg.sql import SQL, Identifier

from operations.tests.contract.people import admin, courier, customer, dispatcher, integrator, shop, store_staff
from operations.tests.contract.provider import PROVIDER_SECRET
from operations.tests.contract.site import LASTING_TOKENS, Site
from operations.tests.processes import environment, serving

__all__ = ["admin", "courier", "customer", "dispatcher", "integrator", "shop", "store_staff"]

BOTH_DATABASES: Final = pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)


@contextmanager
def fresh_database() -> Iterator[str]:
    """Of its own on the server the tests use; yields its URL."""
    server, name = os.environ["DATABASE_URL"], f"contract_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def manage(command: str, *, folder: Path, variables: dict[str, str]) -> None:
    """A management command that succeeds."""
    finished = subprocess.run(
        [sys.executable, "manage.py", command],
        env=environment(folder, **variables),
        cwd=settings.BASE_DIR,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@contextmanager
def served(folder: Path, *, variables: dict[str, str]) -> Iterator[Site]:
    """Migrated, seeded and served. At the end the audit finds nothing wrong with whatever has been done there."""
    for preparation in ("migrate", "seed"):
        manage(preparation, folder=folder, variables=variables)
    with serving(folder, variables={**LASTING_TOKENS, **variables}) as process:
        with httpx.Client(base_url=process.url, timeout=60) as http:
            yield Site(http)
        manage("audit", folder=folder, variables=variables)


@pytest.fixture(scope="session")
def site_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("sqlite"), variables={"SIMULATED_PROVIDER_SECRET": PROVIDER_SECRET}) as site:
        yield site


@pytest.fixture(scope="session")
def site_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with fresh_database() as url:
        variables = {"DATABASE_URL": url, "SIMULATED_PROVIDER_SECRET": PROVIDER_SECRET}
        with served(tmp_path_factory.mktemp("postgresql"), variables=variables) as site:
            yield site


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Site:
    """On SQLite, where nothing else runs all of the product, unless the test asks for both."""
    found: Site = request.getfixturevalue(f"site_on_{getattr(request, 'param', 'sqlite')}")
    return found
