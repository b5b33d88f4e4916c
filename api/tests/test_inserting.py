"""Rows that are inserted together: in their order, in one statement for each kind, and not at all where that fails."""

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.inserting import insert, inserts_together

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    return list(Group.objects.order_by("pk").values_list("name", flat=True))


def test_a_row_is_inserted_at_once() -> None:
    assert insert(Group(name="riders")).pk is not None
    assert names() == ["riders"]


def test_together_they_are_inserted_at_the_end_in_their_order() -> None:
    with CaptureQueriesContext(connection) as queries, inserts_together():
        for number in range(5):
            insert(Group(name=f"riders {number}"))
            insert(ContentType(app_label="api", model=f"model{number}"))
        assert names() == []

    assert [query["sql"][:6] for query in queries] == ["SELECT", "INSERT", "INSERT"]
    assert names() == [f"riders {number}" for number in range(5)]
    assert ContentType.objects.filter(app_label="api", model__startswith="model").count() == 5


def test_what_fails_inserts_nothing() -> None:
    def fail() -> None:
        with inserts_together():
            insert(Group(name="riders"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names() == []


def test_afterwards_rows_are_inserted_at_once_again() -> None:
    with inserts_together():
        insert(Group(name="riders"))
    insert(Group(name="cooks"))
    assert names() == ["riders", "cooks"]
