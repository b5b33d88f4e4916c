"""`manage.py serve` as somebody runs it: a process that serves, works and stops."""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.tests.waiting import until
from operations.tests.processes import Serving, serving

STOPPED_BY_FORCE = -signal.SIGKILL if os.name == "posix" else 1

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers no signals to a child process")


def get(site: Serving, path: str) -> httpx.Response:
    return httpx.get(site.url + path, timeout=60)


def publish_past_everybody(folder: Path) -> None:
    """An event of which no worker was told, so that only beat's sweep can find it, and no handler hears."""
    columns = "event_id, type, subject_type, subject_id, subject_version, correlation_id, request_id, data, occurred_at"
    values = (uuid4().hex, "ext.tested", "test", uuid4().hex, 1, "c", "", "{}", "2026-01-01 00:00:00")
    with sqlite3.connect(folder / "db.sqlite3", timeout=20) as database:
        database.execute(f"INSERT INTO events_event ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    database.close()


def sequences(folder: Path) -> list[int | None]:
    database = sqlite3.connect(folder / "db.sqlite3", timeout=20)
    try:
        return [sequence for (sequence,) in database.execute("SELECT sequence FROM events_event")]
    finally:
        database.close()


def assert_stopped_cleanly(stopped: tuple[int, str, str]) -> None:
    """Nothing is said but the log, and nothing in the log is a complaint."""
    status, output, errors = stopped
    assert (status, errors) == (0, "")
    assert [line for line in output.splitlines() if json.loads(line)["level"] != "INFO"] == []


@pytest.mark.parametrize(
    ("services", "number"),
    [
        pytest.param((), signal.SIGTERM, id="nothing installed, SIGTERM"),
        pytest.param(("REDIS_URL",), signal.SIGINT, id="Redis, Ctrl-C"),
    ],
)
def test_one_process_serves_works_and_stops(tmp_path: Path, services: tuple[str, ...], number: int) -> None:
    with serving(tmp_path, "--migrate", variables={name: os.environ[name] for name in services}) as site:
        assert get(site, "/health").json() == {"status": "ok"}
        assert get(site, "/health/ready").json()["status"] == "ok"
        assert_admin_arrives_with_its_style(site)
        publish_past_everybody(tmp_path)
        until(lambda: sequences(tmp_path) == [1])
        assert_stopped_cleanly(site.stop(number))


def assert_admin_arrives_with_its_style(site: Serving) -> None:
    """Nothing was collected, and the server is ASGI."""
    assert get(site, "/admin/login/").status_code == 200
    style = get(site, "/static/admin/css/base.css")
    assert (style.status_code, style.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    assert "body" in style.text


def test_killed_process_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    with serving(tmp_path, "--migrate") as site:
        assert get(site, "/health/ready").status_code == 200
        publish_past_everybody(tmp_path)
        site.process.kill()
        assert site.process.wait() == STOPPED_BY_FORCE
    with serving(tmp_path) as site:
        assert get(site, "/health/ready").json()["status"] == "ok"
        until(lambda: sequences(tmp_path) == [1])
        assert_stopped_cleanly(site.stop(signal.SIGTERM))


def test_broker_that_is_away_holds_up_neither_orders_nor_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, "--migrate", variables={"REDIS_URL": "redis://127.0.0.1:1/0"}) as site:
        ready = get(site, "/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        status, output, errors = site.stop(signal.SIGTERM)
        assert (status, errors) == (0, "")
        assert "for the broker" in output
