"""What the open routes say to probes, and what they keep to themselves."""

import shutil
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from api.listening import SILENT_SECONDS
from operations.health import checks
from operations.health.asking import Outcome, ask
from operations.health.checks import HealthCheck

ROUTES = ("/health", "/healthz", "/health/live", "/health/ready", "/health/startup")
OK = {"status": "ok", "required": True}
FAILED = {"status": "failed", "required": True}


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known yet of the migrations, and the workers have their time."""
    monkeypatch.setattr(checks._known, "migrated", False)
    monkeypatch.setattr(checks._known, "started", time.monotonic())


def failing(message: str) -> object:
    def fail() -> None:
        raise OperationalError(message)

    return fail


@pytest.mark.parametrize("route", ["/health", "/healthz", "/health/live"])
def test_liveness_asks_nobody(route: str) -> None:
    """No database: pytest-django would refuse the query."""
    response = Client().get(route)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_process_names_all_its_checks() -> None:
    response = Client().get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {
            "database": OK,
            "migrations": OK,
            "disk": {"status": "ok", "required": False},
            "redis": {"status": "ok", "required": False},
            "workers": {"status": "ok", "required": False},
        },
    }


@pytest.mark.django_db
def test_startup_waits_for_the_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "unapplied_migrations", lambda: ["orders.0002_more"])
    response = Client().get("/health/startup")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": OK, "migrations": FAILED}}

    monkeypatch.setattr(checks, "unapplied_migrations", list)
    response = Client().get("/health/startup")
    assert response.json() == {"status": "ok", "checks": {"database": OK, "migrations": OK}}


@pytest.mark.django_db
def test_migrations_are_looked_for_until_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["orders.0002_more"], []])
    monkeypatch.setattr(checks, "unapplied_migrations", lambda: next(answers))
    statuses = [Client().get("/health/ready").status_code for _ in range(4)]
    assert statuses == [503, 200, 200, 200]


@pytest.mark.django_db
def test_process_without_database_is_unavailable_and_does_not_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "database_answers", failing("password of role delivery at 10.0.0.7 is wrong"))
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/json"
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"]["database"] == FAILED
    assert b"10.0.0.7" not in response.content


@pytest.mark.django_db
def test_process_without_redis_is_degraded_and_goes_on(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = Client().get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["redis"] == {"status": "failed", "required": False}


@pytest.mark.django_db
def test_installation_without_redis_does_not_ask_for_it(settings: Settings) -> None:
    settings.REDIS_URL = ""
    response = Client().get("/health/ready")
    assert (response.json()["status"], "redis" in response.json()["checks"]) == ("ok", False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("database_url", "status", "word"),
    [
        pytest.param("", 503, "unavailable", id="SQLite"),
        pytest.param("postgresql://…", 200, "degraded", id="PostgreSQL"),
    ],
)
def test_full_disk_matters_where_the_database_is_on_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, database_url: str, status: int, word: str
) -> None:
    settings.DATABASE_URL = database_url
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1_000_000))
    response = Client().get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (status, word)


@pytest.fixture
def process_of_some_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks._known, "started", time.monotonic() - SILENT_SECONDS)


@pytest.mark.django_db
@pytest.mark.usefixtures("process_of_some_age")
def test_queue_nobody_listens_to_is_noticed(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(checks, "silent_queues", lambda: ["relay", "webhooks"])
    response = Client().get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"]["workers"] == {"status": "failed", "required": False}
    assert "health check workers: NotHealthy: nobody has begun a task for 60 s from: relay, webhooks" in caplog.messages


@pytest.mark.django_db
@pytest.mark.usefixtures("process_of_some_age")
def test_queues_whose_workers_give_signs_of_life_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "silent_queues", list)
    assert Client().get("/health/ready").json()["status"] == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_open_uncached_and_answers_head(route: str) -> None:
    response = Client().head(route)
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"", "no-store")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_refused(route: str, method: str) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(route)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES)
def test_probe_needs_no_https(settings: Settings, route: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(route).status_code == 200
    assert Client().get("/errors/").status_code == 301


class Hanging:
    """A check that answers when it is let go, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.let_go = threading.Event()
        self.check = HealthCheck("hanging", self.run)

    def run(self) -> None:
        self.begun += 1
        self.let_go.wait()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.let_go.set()


def outcomes(check: HealthCheck, *, within_seconds: float = 20.0) -> list[Outcome]:
    return [answer.outcome for answer in ask([check], within_seconds=within_seconds)]


def test_check_that_hangs_is_not_waited_for(hanging: Hanging) -> None:
    assert outcomes(hanging.check, within_seconds=0.01) == [Outcome.TIMEOUT]


def test_flood_of_askers_costs_one_run(hanging: Hanging) -> None:
    for _ in range(10):
        outcomes(hanging.check, within_seconds=0.0)
    assert hanging.begun == 1
    hanging.let_go.set()
    assert outcomes(hanging.check) == [Outcome.OK]
