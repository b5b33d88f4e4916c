from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet

from api.idempotency.models import IdempotencyKey
from api.prepared import Prepared

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
