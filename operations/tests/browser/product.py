"""The whole product in one process of its own, which a test may kill and start again where it was."""

import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
from django.conf import settings

from api.tests.waiting import until
from operations.tests.contract.site import LASTING_TOKENS, Site
from operations.tests.processes import environment, serving

PORTS: Final = range(20_000, 30_000)
SEED: Final = ("seed", "--stores", "2", "--products", "4", "--couriers", "1")


class Product:
    """On SQLite in a folder of its own, always at the same address."""

    def __init__(self, folder: Path, leaving: ExitStack, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._leaving = leaving
        self._variables = {**LASTING_TOKENS, **variables}
        self._port = str(lasting_port())
        self._process = leaving.enter_context(serving(folder, "--port", self._port, variables=self._variables))
        self.url = self._process.url
        self.site = Site(leaving.enter_context(httpx.Client(base_url=self.url, timeout=60)))

    @contextmanager
    def killed(self) -> Iterator[None]:
        """As by kill -9: nobody is told good-bye. Afterwards it is back, with its data."""
        self._process.process.send_signal(signal.SIGKILL)
        self._process.process.wait(60)
        yield
        again = serving(self._folder, "--port", self._port, variables=self._variables)
        self._process = self._leaving.enter_context(again)
        until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return self.site.http.get("/health/ready").is_success
        except httpx.TransportError:
            return False


def lasting_port() -> int:
    """None of those that the system gives to whoever connects somewhere: it must be free after a restart, too."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.choice(PORTS)))
            port: int = probe.getsockname()[1]
            return port


def prepare(folder: Path) -> None:
    """Migrated and seeded; to be copied, since it takes longer than anything that is done with it."""
    for command in (("migrate", "--verbosity", "0"), SEED):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            env=environment(folder),
            cwd=settings.BASE_DIR,
            capture_output=True,
            check=True,
            timeout=120,
        )


@contextmanager
def running(prepared: Path, folder: Path, **variables: str) -> Iterator[Product]:
    shutil.copytree(prepared, folder)
    with ExitStack() as leaving:
        yield Product(folder, leaving, variables)
