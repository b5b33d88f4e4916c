"""Statements of which there are hundreds a second: Django takes longer to write them than PostgreSQL to answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from psycopg import Connection, Cursor
from psycopg.pq import Format

Row = TypeVar("Row", bound=tuple[Any, ...])

_ANY_KEY: Final = UUID(int=0)


class Prepared(Generic[Row]):
    """The rows of one key, by a statement that is written once.

    `query` is of `values_list`, with columns that PostgreSQL's driver reads by itself: keys, numbers, texts, moments.
    """

    def __init__(self, query: Callable[[UUID], QuerySet[Any, Row]]) -> None:
        self._query = query

    def __call__(self, key: UUID) -> list[Row]:
        if connection.vendor != "postgresql":
            return list(self._query(key))
        sql, parameters = self._statement
        return rows_of(sql, [key if parameter == _ANY_KEY else parameter for parameter in parameters])

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        return self._query(_ANY_KEY).query.sql_with_params()


def rows_of(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    """What PostgreSQL answers. Each connection keeps the plan (`DATABASE_PREPARE_STATEMENTS`)."""
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    with _plans_kept(database):
        try:
            return _answered(database, sql, parameters)
        except NotSupportedError:
            # A migration has changed a column's type since. A transaction is lost, and its plans with it.
            if database.in_atomic_block:
                raise
            with database.cursor() as another:
                another.execute("DEALLOCATE ALL")
            return _answered(database, sql, parameters)


def _answered(database: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    """Django's own cursor writes the parameters into the text, so that each text would be another statement."""
    driver_cursor: Any = Cursor(database.connection)
    driver_cursor.format = Format.BINARY
    wrapped = database.make_debug_cursor if database.queries_logged else database.make_cursor
    with wrapped(driver_cursor) as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


@contextmanager
def _plans_kept(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Not those of others: the driver would also count, and keep, what has its parameters in its text. And none where
    queries are logged, as the driver does not say what it has sent by its plan's name."""
    is_kept = settings.DATABASE_PREPARE_STATEMENTS and not database.queries_logged
    driver: Connection[Any] = database.connection
    driver.prepare_threshold = 0 if is_kept else None
    try:
        yield
    finally:
        driver.prepare_threshold = None
