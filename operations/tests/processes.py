"""Processes of this project on data of their own, without the services the tests themselves use."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from django.conf import settings

PATIENCE_SECONDS: Final = 60
SERVICES: Final = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "INTERNAL_URL")


def environment(folder: Path, **variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in SERVICES}
    return {**inherited, "VAR_DIR": str(folder), "ENV_FILE": os.devnull, "PYTHONUNBUFFERED": "1", **variables}


def run_python(code: str, *, folder: Path) -> str:
    """Its standard output; with Django set up."""
    code = f"import django; django.setup(); {code}"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(folder, DJANGO_SETTINGS_MODULE="delivery_site.settings"),
        cwd=settings.BASE_DIR,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


class Listener(threading.Thread):
    """Takes down what a process says, as it says it: a pipe that nobody reads would stop it when it is full."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._has_spoken = threading.Event()
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.lines.append(line)
            self._has_spoken.set()
        self._has_spoken.set()

    def first_line(self) -> str:
        """Empty when it ended without a word."""
        assert self._has_spoken.wait(PATIENCE_SECONDS)
        return self.lines[0] if self.lines else ""


@dataclass(frozen=True)
class Heard:
    process: "subprocess.Popen[str]"
    output: Listener
    errors: Listener

    def stop(self, number: int) -> int:
        """Its exit status, once all it said has been taken down."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_SECONDS)
        self.to_the_end()
        return status

    def to_the_end(self) -> None:
        """A pipe must not be closed under its listener."""
        self.output.join()
        self.errors.join()


@dataclass(frozen=True)
class Serving:
    """A `manage.py serve` that has said where it serves."""

    heard: Heard
    url: str

    @property
    def process(self) -> "subprocess.Popen[str]":
        return self.heard.process

    def stop(self, number: int) -> tuple[int, str, str]:
        """Its exit status and all that it has said after the first line, log and complaints."""
        status = self.heard.stop(number)
        return status, "".join(self.heard.output.lines[1:]), "".join(self.heard.errors.lines)


@contextmanager
def heard(command: list[str], *, folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Heard]:
    """A `manage.py` command, listened to until its last word; killed at the end where the test has not stopped it."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        env=environment(folder, **(variables or {})),
        cwd=settings.BASE_DIR,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    found = Heard(process, Listener(process.stdout), Listener(process.stderr))
    with process:
        try:
            yield found
        finally:
            process.kill()
            found.to_the_end()


@contextmanager
def serving(folder: Path, *options: str, variables: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """On a free port. Connections wait until it takes them."""
    with heard(["serve", "--port", "0", *options], folder=folder, variables=variables) as process:
        words = process.output.first_line().split()
        assert words[:2] == ["Serving", "at"], "".join(process.errors.lines)
        yield Serving(process, url=words[2].rstrip("/"))
