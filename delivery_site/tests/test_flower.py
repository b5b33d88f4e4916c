"""Flower, as docs/running.md starts it, sees our workers and their tasks, and shows nothing without the password."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from django.conf import settings
from kombu import Connection

from delivery_site.celery import app
from delivery_site.testing import held_tasks
from delivery_site.testing.installation import environment_of
from delivery_site.testing.parts import Broker, Program
from delivery_site.testing.servers import free_port
from delivery_site.testing.sources import text_of
from delivery_site.testing.waiting import until

COMMAND: Final = "celery --quiet --app=delivery_site flower --address=127.0.0.1 --port=5555 --read_only"
WATCHER: Final = ("watcher", "a-password-of-the-test")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no Valkey on Windows")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.end()


@pytest.fixture
def flower(broker: Broker, tmp_path: Path) -> Iterator[str]:
    """Beside a worker; yields its address."""
    port = free_port()
    environment = environment_of(tmp_path, port=free_port(), REDIS_URL=broker.url, FLOWER_BASIC_AUTH=":".join(WATCHER))
    name = f"--app={held_tasks.__name__}"
    told = COMMAND.replace("--app=delivery_site", name).replace("5555", str(port)).split()
    programs = [
        Program("worker", ["celery", "--quiet", name, "worker", "--queues=default"], environment, tmp_path),
        Program("flower", told, environment, tmp_path),
    ]
    try:
        for program in programs:
            program.start()
        until(lambda: answers(f"http://127.0.0.1:{port}/healthcheck"))
        yield f"http://127.0.0.1:{port}"
    finally:
        for program in programs:
            program.end()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).is_success
    except httpx.TransportError:
        return False


def test_flower_sees_a_worker_and_its_task(broker: Broker, flower: str) -> None:
    def asked(path: str) -> Any:
        return httpx.get(f"{flower}/api/{path}", auth=WATCHER, timeout=30).raise_for_status().json()

    def note() -> str:
        with Connection(broker.url, transport=settings.CELERY_BROKER_TRANSPORT) as connection:
            return str(app.send_task(held_tasks.NOTE, args=["seen"], queue="default", connection=connection).id)

    sent: list[str] = []

    def one_is_seen() -> bool:
        """Workers tell of their tasks only since Flower has asked them to."""
        sent.append(note())
        return any(told["state"] == "SUCCESS" for task, told in asked("tasks").items() if task in sent)

    until(lambda: bool(asked("workers?refresh=1")))
    (worker,) = asked("workers")
    assert worker.startswith("celery@")
    until(one_is_seen)


@pytest.mark.parametrize("path", ["/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks"])
def test_flower_shows_nothing_without_the_password(flower: str, path: str) -> None:
    assert httpx.get(flower + path, timeout=30).status_code == 401
    assert httpx.get(flower + path, auth=("watcher", "wrong"), timeout=30).status_code == 401


def test_running_page_and_compose_start_it_so() -> None:
    assert COMMAND in text_of("docs/running.md").splitlines()
    words = [word for word in COMMAND.split()[1:] if not word.startswith("--address")]
    assert ", ".join(words) in text_of("docker-compose.yml")
