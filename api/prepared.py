"""Statements of which there are hundreds a second: Django takes longer to write them than PostgreSQL to answer."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db import NotSupportedError, connection
from django.db.models import QuerySet
from psycopg import Cursor
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
    try:
        return _answered(sql, parameters)
    except NotSupportedError:
        # A migration has changed a column's type since. A transaction is lost, and its plans with it.
        if connection.in_atomic_block:
            raise
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        return _answered(sql, parameters)


def _answered(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    """Django's own cursors write parameters into the text, so that each text would be another statement."""
    connection.ensure_connection()
    plain = Cursor(connection.connection)
    plain.format = Format.BINARY
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(plain) as cursor:  # type: ignore[arg-type]  # the stubs say it is wrapped already
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
