from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import QuerySet

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


def plans() -> int:
    (number,) = rows_of("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["SELECT label%"])[0]
    return int(number)


@pytest.mark.django_db(transaction=True)
def test_a_connection_keeps_the_plan(labelled: None) -> None:
    for _ in range(3):
        assert rows_of(ALL_LABELS, ["b%"]) == [("blue",)]
        assert rows_of(ALL_LABELS, ["r%"]) == [("red",)]
    assert plans() == 1


@pytest.mark.django_db(transaction=True)
def test_a_column_may_get_another_type_under_a_running_process(labelled: None) -> None:
    def widen(length: int) -> None:
        with transaction.atomic():  # and not by this connection, as far as the driver can see
            run(f"DO $$ BEGIN ALTER TABLE labelled ALTER label TYPE varchar({length}); END $$")

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
