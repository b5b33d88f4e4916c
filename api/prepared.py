from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

Row = TypeVar("Row", bound=tuple[Any, ...])

_ANY_KEY: Final = UUID(int=0)


class Prepared(Generic[Row]):
    """The rows of one key, by a statement that is written once: where it is asked hundreds of times a second, Django
    takes longer to write it than the database to answer.

    `query` is of `values_list`, with columns that PostgreSQL's driver reads by itself: keys, numbers, texts, moments.
    """

    def __init__(self, query: Callable[[UUID], QuerySet[Any, Row]]) -> None:
        self._query = query

    def __call__(self, key: UUID) -> list[Row]:
        if connection.vendor != "postgresql":
            return list(self._query(key))
        sql, parameters = self._statement
        with connection.cursor() as cursor:
            cursor.execute(sql, [key if parameter == _ANY_KEY else parameter for parameter in parameters])
            rows: list[Row] = cursor.fetchall()
        return rows

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        return self._query(_ANY_KEY).query.sql_with_params()
