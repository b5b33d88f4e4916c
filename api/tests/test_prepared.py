from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID, uuid4

import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import QuerySet
from pytest_django import Settings

from api.idempotency.models import IdempotencyKey
from api.prepared import Prepared, rows_of

pytestmark = pytest.mark.django_db

FIELDS = ("pk", "path", "status", "expires_at")


def done_with(key: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    return IdempotencyKey.objects.filter(pk=key, status__in=[200, 201]).values_list(*FIELDS)


def row(path: str, *, status: int = 200) -> tuple[Any, ...]:
    moment = datetime(2026, 10, 9, 19, 0, tzinfo=UTC)
    made = IdempotencyKey.objects.create(key=path, path=path, status=status, expires_at=moment)
    return (made.pk, path, status, moment)


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_each_key_has_its_rows_on_each_database(vendor: str) -> None:
    ask, one, other, undone = Prepared(done_with), row("/one"), row("/other", status=201), row("/undone", status=0)
    with patch.object(connection, "vendor", vendor):
        assert [ask(one[0]), ask(other[0])] == [[one], [other]]
        assert ask(undone[0]) == ask(UUID(int=1)) == []


def test_the_statement_is_written_once() -> None:
    query = Mock(side_effect=done_with)
    ask = Prepared(query)
    for one in (row("/1"), row("/2"), row("/3")):
        assert ask(one[0]) == [one]
    assert query.call_count == 1


ALL_LABELS = "SELECT label FROM labelled WHERE label LIKE %s"


@pytest.fixture
def labelled() -> Iterator[None]:
    run("CREATE TABLE labelled (label varchar(20)); INSERT INTO labelled VALUES ('red'), ('blue')")
    yield
    run("DROP TABLE labelled")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def a_statement() -> str:
    """No connection has its plan yet."""
    return f"{ALL_LABELS} AND '{uuid4()}' <> ''"


def number_of_plans(statement: str) -> int:
    with connection.cursor() as cursor:
        sent = statement.replace("%s", "$1")
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [sent])
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_connection_keeps_the_plan(labelled: None, settings: Settings, is_kept: bool) -> None:
    settings.DATABASE_PREPARE_STATEMENTS, statement = is_kept, a_statement()
    for _ in range(3):
        assert rows_of(statement, ["b%"]) == [("blue",)]
        assert rows_of(statement, ["r%"]) == [("red",)]
    assert number_of_plans(statement) == is_kept


@pytest.mark.django_db(transaction=True)
def test_nothing_else_becomes_a_plan(labelled: None) -> None:
    statement = a_statement()
    for _ in range(9):
        run(statement.replace("%s", "'b%'"))
    assert number_of_plans(statement.replace("%s", "'b%'")) == 0


@pytest.mark.django_db(transaction=True)
def test_taking_back_a_part_of_a_transaction_loses_no_plan(labelled: None) -> None:
    statement = a_statement()
    rows_of(statement, ["b%"])
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert rows_of(statement, ["b%"]) == [("blue",)]
    assert number_of_plans(statement) == 1


@pytest.mark.django_db(transaction=True)
def test_a_column_may_get_another_type_under_a_running_process(labelled: None) -> None:
    def widen(length: int) -> None:
        run(f"ALTER TABLE labelled ALTER label TYPE varchar({length})")

    def ask() -> Any:
        return [rows_of(ALL_LABELS, ["b%"]) for _ in range(4)][-1]

    assert ask() == [("blue",)]
    widen(30)
    assert ask() == [("blue",)]
    widen(40)
    with pytest.raises(NotSupportedError), transaction.atomic():
        rows_of(ALL_LABELS, ["b%"])
    with transaction.atomic():
        assert ask() == [("blue",)]


def test_they_count_as_queries(labelled: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as queries:
        rows_of(ALL_LABELS, ["b%"])
    assert queries.captured_queries[0]["sql"] == ALL_LABELS.replace("%s", "$1")
