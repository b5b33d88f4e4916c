"""Connections of the pool are looked at, not asked."""

import select
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, connections
from psycopg_pool import ConnectionPool

from api.postgresql.base import DatabaseWrapper
from api.tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def database() -> Iterator[DatabaseWrapper]:
    """As another process has it, with a pool of one connection."""
    another: Any = connections["default"].copy(alias="another")
    another.settings_dict["OPTIONS"]["pool"].update(min_size=1, max_size=1)
    yield another
    another.close()
    another.close_pool()


def its_process(database: DatabaseWrapper) -> int:
    """Of a connection that is taken from the pool and given back."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number = int(cursor.fetchone()[0])
    database.close()
    return number


def say(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_a_connection_that_is_well_is_not_asked(database: DatabaseWrapper) -> None:
    with patch.object(ConnectionPool, "check_connection") as ask:
        assert its_process(database) == its_process(database)
    assert not ask.called


def test_one_that_the_server_has_ended_is_replaced(database: DatabaseWrapper) -> None:
    ended = its_process(database)
    say("SELECT pg_terminate_backend(%s, %s)", ended, round(PATIENCE_SECONDS * 1000))
    assert its_process(database) != ended


def test_whatever_happens_while_it_is_looked_at_the_pool_has_it_back(database: DatabaseWrapper) -> None:
    first = its_process(database)
    with patch("api.postgresql.base.is_alive", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        its_process(database)
    assert its_process(database) == first


def test_where_there_is_no_pool_a_connection_is_new_and_well(database: DatabaseWrapper) -> None:
    del database.settings_dict["OPTIONS"]["pool"]
    assert its_process(database)


def test_a_server_that_has_gone_without_a_word_is_found_out(database: DatabaseWrapper) -> None:
    database.ensure_connection()
    given = database.connection.info.get_parameters()
    assert [given[f"keepalives_{name}"] for name in ("idle", "interval", "count")] == ["30", "10", "3"]


def test_one_that_has_been_told_something_else_is_asked_and_stays(database: DatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute("LISTEN something")
    driver = database.connection
    database.close()
    say("NOTIFY something")
    assert select.select([driver], [], [], PATIENCE_SECONDS)[0]
    with patch.object(ConnectionPool, "check_connection", side_effect=ConnectionPool.check_connection) as ask:
        assert its_process(database) == driver.info.backend_pid
    assert ask.call_count == 1
