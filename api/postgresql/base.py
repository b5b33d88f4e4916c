"""Django's backend for PostgreSQL, which does not ask a connection of the pool whether it is alive: it looks.

A server that ends a connection says so, and what it has said lies in the socket. To ask would be a message to the
server, and an answer to wait for, with every request.
"""

import selectors
from typing import Any, Final

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

# Those for many connections at once cost more to make. Windows has nothing but `select`.
_Looking: Final[type[selectors.BaseSelector]] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class DatabaseWrapper(base.DatabaseWrapper):
    """With CONN_HEALTH_CHECKS off: the pool would ask."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        pool, connection = self.pool, super().get_new_connection(conn_params)
        while pool and not _stays(connection, pool):
            connection = super().get_new_connection(conn_params)
        return connection


def _stays(connection: psycopg.Connection[Any], pool: Any) -> bool:
    """Else the pool has it back, and makes another."""
    stays = False
    try:
        stays = is_alive(connection)
    finally:
        if not stays:
            pool.putconn(connection)
    return stays


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """As far as the server has said. What it says may also be harmless: only then is it asked."""
    try:
        if _has_something_to_read(connection):
            ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    with _Looking() as looking:
        looking.register(connection, selectors.EVENT_READ)
        return bool(looking.select(0))
