"""What the tests prove holds on the real servers only if they really run on them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.core.cache import cache
from django.db import connection

from delivery_site.testing import servers

BARE_ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name not in servers.SERVERS}


@contextmanager
def started(*arguments: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", servers.__name__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def is_postgresql(url: str) -> bool:
    return urlsplit(url).scheme in {"postgres", "postgresql"}


@pytest.mark.django_db
def test_tests_run_on_postgresql_unless_database_url_names_another() -> None:
    if not is_postgresql(os.environ["DATABASE_URL"]):
        pytest.skip("DATABASE_URL names another database.")
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 140_000


@pytest.mark.django_db
def test_every_worker_has_a_database_of_its_own() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    assert str(connection.settings_dict["NAME"]).startswith("test_")
    assert str(connection.settings_dict["NAME"]).endswith(worker)


def test_the_cache_is_kept_by_the_redis_that_redis_url_names() -> None:
    cache.set("test-servers", "here", timeout=60)
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as server:
        assert server.exists(cache.make_key("test-servers")) == 1
        cache.delete("test-servers")
        assert server.exists(cache.make_key("test-servers")) == 0


def test_servers_stop_and_leave_nothing_when_their_borrower_is_gone() -> None:
    with started(servers.UNTIL_STDIN_CLOSES, environment=BARE_ENVIRONMENT) as keeper:
        urls = json.loads(first_line(keeper))
        with psycopg.connect(urls["DATABASE_URL"]) as database:
            folder = Path(database.info.host)
            assert database.execute("SHOW fsync").fetchone() == ("off",)
        assert keeper.stdin is not None
        keeper.stdin.close()
        assert keeper.wait(timeout=30) == 0
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urls["DATABASE_URL"])
    with redis.Redis.from_url(urls["REDIS_URL"]) as server, pytest.raises(redis.ConnectionError):
        server.ping()


def test_a_shell_is_told_only_of_the_servers_it_did_not_name() -> None:
    environment = BARE_ENVIRONMENT | {"DATABASE_URL": "postgresql://elsewhere/delivery"}
    with started(environment=environment) as process:
        line = first_line(process)
        assert line.startswith("export REDIS_URL=redis://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
        assert (rest, process.returncode) == ("", 0)
