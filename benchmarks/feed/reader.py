"""A client of the feed, which may be killed at any moment and goes on where it was.

    python -m benchmarks.feed.reader URL EMAIL FILE together|apart

It keeps the events and its place in the SQLite file: together, in one transaction, as docs/events.md advises; or apart,
the place only now and then, so that after its death it sees some events again.
"""

import json
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx

TOGETHER: Final = "together"
APART: Final = "apart"
PASSWORD: Final = "demo-password"
LOOK_AGAIN_SECONDS: Final = 0.02
PLACE_EVERY_SECONDS: Final = 1.0
"""Of a reader who keeps it apart."""
TABLES: Final = """
    CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, id TEXT, sequence INTEGER, event TEXT);
    CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), after INTEGER);
    INSERT OR IGNORE INTO place VALUES (1, 0);
"""


class Notebook:
    def __init__(self, file: str, *, way: str) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript(TABLES)
        self._way = way
        self._place_due_at = time.monotonic() + PLACE_EVERY_SECONDS
        (self.after,) = self._database.execute("SELECT after FROM place").fetchone()

    def keep(self, events: Sequence[dict[str, Any]], *, after: int) -> None:
        self.after = after
        self._database.execute("BEGIN IMMEDIATE")
        rows = [(event["id"], event["sequence"], json.dumps(event)) for event in events]
        self._database.executemany("INSERT INTO seen (id, sequence, event) VALUES (?, ?, ?)", rows)
        if self._way == TOGETHER or time.monotonic() > self._place_due_at:
            self._database.execute("UPDATE place SET after = ?", [after])
            self._place_due_at = time.monotonic() + PLACE_EVERY_SECONDS
        self._database.execute("COMMIT")


def follow(http: httpx.Client, notebook: Notebook) -> None:
    """For ever."""
    clock = threading.Event()
    while True:
        answer = http.get("/api/v2/events", params={"after": notebook.after, "limit": random.choice((1, 7, 50, 500))})
        page = answer.raise_for_status().json()
        notebook.keep(page["results"], after=page["after"])
        if page["next"] is None:
            clock.wait(LOOK_AGAIN_SECONDS)


def authorization(url: str, email: str) -> dict[str, str]:
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    answer = httpx.post(f"{url}/api/v2/auth/token", data=form, timeout=30)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


def main() -> None:
    url, email, file, way = sys.argv[1:]
    with httpx.Client(base_url=url, headers=authorization(url, email), timeout=30) as http:
        follow(http, Notebook(file, way=way))


if __name__ == "__main__":
    main()
