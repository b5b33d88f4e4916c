"""Servers for the length of this process. A keeper process owns them, so that even a killed test run leaves none."""

import atexit
import json
import os
import subprocess
import sys
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from delivery_site.testing import servers
from delivery_site.testing.sources import PROJECT

STOP_TIMEOUT_SECONDS: Final = 60


def borrow_missing_servers() -> None:
    """Sets `DATABASE_URL` and `REDIS_URL` where they are not set already.

    The workers of pytest-xdist find them set by their controller and share its servers: a database of their own
    comes from pytest-django, a Redis database of their own from here.
    """
    if not all(os.environ.get(name) for name in servers.SERVERS):
        os.environ.update(borrow())
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


def borrow() -> dict[str, str]:
    """A session of its own keeps Ctrl-C from the keeper: the tests still tidy up in the database after it."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", servers.__name__, servers.UNTIL_STDIN_CLOSES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
        start_new_session=True,
    )
    atexit.register(keeper.communicate, timeout=STOP_TIMEOUT_SECONDS)
    assert keeper.stdout is not None
    if answer := keeper.stdout.readline():
        urls: dict[str, str] = json.loads(answer)
        return urls
    raise SystemExit("The test servers did not start; what they said stands above.")
