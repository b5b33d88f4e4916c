"""Processes of this project on data of their own, without the services the tests themselves use."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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


@dataclass(frozen=True)
class Serving:
    """A `manage.py serve` that has said where it serves. Connections wait until it takes them."""

    process: "subprocess.Popen[str]"
    url: str

    def stop(self, number: int) -> tuple[int, str, str]:
        """Its exit status and all that it has said, logs and complaints."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, output, errors


@contextmanager
def serving(folder: Path, *options: str, variables: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """On a free port; killed at the end where the test has not stopped it."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", "0", *options],
        env=environment(folder, **(variables or {})),
        cwd=settings.BASE_DIR,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words[:2] == ["Serving", "at"], process.communicate()
            yield Serving(process, words[2].rstrip("/"))
        finally:
            process.kill()
