"""What the outbox has, what each reader has, and whether that is the same."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

OUTBOX: Final = """
    SELECT event_id::text FROM events_event AS event WHERE sequence <= %(up_to)s AND (
        %(sees_everything)s
        OR publisher_id = (SELECT id FROM accounts_user WHERE email = %(email)s)
        OR store_id IN (
            SELECT store_id FROM catalog_membership
            WHERE user_id = (SELECT id FROM accounts_user WHERE email = %(email)s)
        )
    ) ORDER BY sequence
"""


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    expected: int
    has: int
    twice: int
    missing: int
    foreign: int
    in_order: bool

    @property
    def is_right(self) -> bool:
        return self.in_order and not self.missing and not self.foreign


def outbox(database_url: str, *, email: str, sees_everything: bool, up_to: int) -> list[str]:
    """The ids of what this account may see as far as that sequence, in order: the site goes on meanwhile."""
    with psycopg.connect(database_url) as connection:
        given = {"email": email, "sees_everything": sees_everything, "up_to": up_to}
        return [event_id for (event_id,) in connection.execute(OUTBOX, given)]


def last_sequence(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        (last,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM events_event").fetchone() or (0,)
    return int(last)


def is_sequenced(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT 1 FROM events_event WHERE sequence IS NULL LIMIT 1").fetchone() is None


def place_of(notebook: Path) -> int:
    if not notebook.exists():
        return 0
    with closing(sqlite3.connect(notebook)) as database:
        try:
            (after,) = database.execute("SELECT after FROM place").fetchone()
        except sqlite3.OperationalError:  # killed before it had made its tables
            return 0
    return int(after)


def reckon(notebook: Path, *, expected: Sequence[str]) -> Reckoning:
    """Events that were seen twice count where they were seen first."""
    with closing(sqlite3.connect(notebook)) as database:
        seen = [event_id for (event_id,) in database.execute("SELECT id FROM seen ORDER BY number")]
    times, first = Counter(seen), list(dict.fromkeys(seen))
    return Reckoning(
        expected=len(expected),
        has=len(first),
        twice=sum(times.values()) - len(first),
        missing=len(set(expected) - set(first)),
        foreign=len(set(first) - set(expected)),
        in_order=first == list(expected),
    )
