"""Django's backend for PostgreSQL, which does not ask a connection of the pool whether it is alive: it looks.

A server that ends a connection says so, and what it has said lies in the socket. To ask would be a message to the
server, and an answer to wait for, with every request.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Needs a pool, and CONN_HEALTH_CHECKS off: the pool would ask."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while not is_alive(connection):
            self.pool.putconn(connection)  # which makes another
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """As far as the server has said. What it says may also be harmless: only then is it asked."""
    try:
        if _has_something_to_read(connection):
            ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
