from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from api.creation import SLACK, created_within
from api.idempotency.models import IdempotencyKey
from api.identifiers import uuid7
from api.serializers import FIRST_MOMENT, LAST_MOMENT

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def key_made_at(moment: datetime) -> UUID:
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (uuid7().int & (2**80 - 1)))


def make_row(created_at: datetime, *, key_at: datetime | None = None) -> str:
    """A row whose key was made somewhat earlier, as when its transaction had to wait."""
    row = IdempotencyKey.objects.create(
        id=key_made_at(key_at or created_at), principal="user:1", key=str(uuid7()), expires_at=created_at
    )
    IdempotencyKey.objects.filter(id=row.id).update(created_at=created_at)
    return row.key


def found(**moments: datetime) -> list[str]:
    rows = IdempotencyKey.objects.filter(created_within(moments)).order_by("created_at")
    return list(rows.values_list("key", flat=True))


def test_the_moment_decides_not_the_key() -> None:
    second = timedelta(seconds=1)
    before, at, after = make_row(NOON - second), make_row(NOON), make_row(NOON + second, key_at=NOON - SLACK / 2)
    assert found() == [before, at, after]
    assert found(created_after=NOON) == [after]
    assert found(created_before=NOON) == [before]
    assert found(created_after=NOON - 2 * second, created_before=NOON + second) == [before, at]


@pytest.mark.parametrize(("moment", "is_later"), [(FIRST_MOMENT, True), (LAST_MOMENT, False)])
def test_the_ends_of_the_calendar_bound_nothing(moment: datetime, is_later: bool) -> None:
    row = make_row(timezone.now())
    assert found(created_after=moment) == ([row] if is_later else [])
    assert found(created_before=moment) == ([] if is_later else [row])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="The plan is PostgreSQL's.")
@pytest.mark.parametrize("name", ["created_after", "created_before"])
def test_rows_beyond_the_moment_are_not_read(name: str) -> None:
    """A page that nothing is on: all rows lie on the other side."""
    aside = timedelta(days=1) if name == "created_before" else timedelta(days=-1)
    for minute in range(200):
        make_row(NOON + aside + timedelta(minutes=minute))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE api_idempotency_key")
    rows = IdempotencyKey.objects.filter(created_within({name: NOON})).order_by("-pk")[:51]
    plan = rows.explain(analyze=True)
    assert "Rows Removed by Filter" not in plan
