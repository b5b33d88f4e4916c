"""The site as somebody runs it for good: database, broker, web, worker and beat, each a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from delivery_site.testing.parts import Broker, Database, Part, Program
from delivery_site.testing.servers import free_port, use_known_locale
from delivery_site.testing.sources import PROJECT
from delivery_site.testing.undertaking import entrust_folder
from delivery_site.testing.waiting import until

NOT_INHERITED: Final = ("DATABASE_URL", "REDIS_URL", "DATABASE_POOL_MAX_SIZE", "DJANGO_SETTINGS_MODULE")
COMMAND_SECONDS: Final = 300

# The simulated people's clock is fast, and so is everything that waits for somebody who may be dead.
FAST: Final = {
    "ORDER_EXPIRY_SECONDS": "10",
    "SIMULATED_LATE_SECONDS": "3",
    "EVENT_LEASE_SECONDS": "3",
    "WEBHOOK_TIMEOUT_SECONDS": "2",
    "PROVIDER_LEASE_SECONDS": "3",
    "NOTIFICATION_LEASE_SECONDS": "3",
    "RATELIMIT_ENABLE": "false",
    "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true",
}

UVICORN: Final = "uvicorn"
GUNICORN: Final = "gunicorn"
WSGI: Final = "delivery_site.wsgi"
WEB_COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    UVICORN: ("uvicorn", "--port={port}", "--ws-per-message-deflate=false", "delivery_site.asgi:application"),
    GUNICORN: ("gunicorn", "--config=python:delivery_site.gunicorn", "--bind=127.0.0.1:{port}", "--workers=2", WSGI),
}
COMPANION_COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "worker": ("celery", "--quiet", "--app=delivery_site", "worker"),
    "beat": ("celery", "--quiet", "--app=delivery_site", "beat"),
}


@dataclass(frozen=True)
class Installation:
    """Started, migrated and seeded."""

    urls: Sequence[str]
    """Of each web server."""
    environment: Mapping[str, str]
    programs: Sequence[Program]
    services: Sequence[Part] = ()

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def parts(self) -> list[Part]:
        return [*self.services, *self.programs]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A management command to its end, whatever that is."""
        return manage(*arguments, environment=self.environment)

    def last_words(self) -> str:
        """The ends of all logs, for a person who wonders why."""
        return "\n".join(f"== {program.name}\n{program.last_lines()}" for program in self.programs)


@contextmanager
def in_several_processes(*webs: str, settings: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """With one web server or several; the payment provider calls the first. `settings` go before the fast ones."""
    with working_folder() as folder, ExitStack() as leaving:
        database, broker = Database(folder), Broker(folder)
        for service in (database, broker):
            leaving.callback(service.end)
            service.start()
        ports = [free_port() for _ in webs]
        services = {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
        environment = environment_of(folder, port=ports[0], **services, **(settings or {}))
        commands = {
            **{
                web: [word.format(port=port) for word in WEB_COMMANDS[web]]
                for web, port in zip(webs, ports, strict=True)
            },
            **COMPANION_COMMANDS,
        }
        programs = started(commands, environment=environment, folder=folder, leaving=leaving)
        yield ready(ports, environment=environment, programs=programs, services=[database, broker])


@contextmanager
def in_one_process() -> Iterator[Installation]:
    """`manage.py serve` on SQLite."""
    with working_folder() as folder, ExitStack() as leaving:
        port = free_port()
        environment = environment_of(folder, port=port)
        commands = {"serve": ["manage", "serve", f"--port={port}"]}
        programs = started(commands, environment=environment, folder=folder, leaving=leaving)
        yield ready([port], environment=environment, programs=programs, services=[])


def started(
    commands: Mapping[str, Sequence[str]], *, environment: Mapping[str, str], folder: Path, leaving: ExitStack
) -> list[Program]:
    prepare(environment)
    programs = [Program(name, command, environment, folder) for name, command in commands.items()]
    for program in programs:
        leaving.callback(program.end)
        program.start()
    return programs


def ready(
    ports: Sequence[int], *, environment: Mapping[str, str], programs: Sequence[Program], services: Sequence[Part]
) -> Installation:
    urls = [url_of(port) for port in ports]
    until(lambda: all(map(is_ready, urls)))
    return Installation(urls, environment, programs, services)


def prepare(environment: Mapping[str, str]) -> None:
    for command in (("migrate", "--verbosity=0"), ("seed",)):
        finished = manage(*command, environment=environment)
        assert finished.returncode == 0, finished.stderr


def manage(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=dict(environment),
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


def environment_of(folder: Path, *, port: int, **settings: str) -> dict[str, str]:
    url = url_of(port)
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    own = {"VAR_DIR": str(folder / "var"), "ENV_FILE": os.devnull, "PUBLIC_URL": url, "INTERNAL_URL": url}
    return {**inherited, **FAST, **own, **settings}


@contextmanager
def working_folder() -> Iterator[Path]:
    """Open to the user that PostgreSQL runs as when it is started by root."""
    use_known_locale()
    with tempfile.TemporaryDirectory(prefix="delivery-installation-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        entrust_folder(folder)
        yield folder


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=10).is_success
    except httpx.TransportError:
        return False
