"""One moment of the whole database, so that a change made while somebody reads cannot look like a contradiction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

READ_ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# Where rows are streamed, PostgreSQL hurries to find the first tenth; whoever reads here wants all, or hopes for none.
PLAN_FOR_ALL_ROWS: Final = "SET LOCAL cursor_tuple_fraction = 1"


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside sees the same committed state, that of the first read, and nothing can be written.

    Inside somebody's transaction (a test's) it reads through that one, whose isolation it cannot change any more.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with _deferred():
            yield
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(READ_ONE_MOMENT)
                cursor.execute(PLAN_FOR_ALL_ROWS)
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """A reader only: `atomic` begins IMMEDIATE, as the settings say, and would hold the write lock until the end."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA query_only = OFF")
            cursor.execute("ROLLBACK")
