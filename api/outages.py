"""Telling a database that is away from one that answers with an error."""

from typing import Final

from django.db import InterfaceError, OperationalError

# Connection exceptions, insufficient resources (too many connections, a full disk), operator intervention: the server
# stops, has crashed or is starting. 57014 is a statement that was cancelled: the server is well.
OUTAGE_SQLSTATE_CLASSES: Final = ("08", "53", "57P")


def is_outage(error: BaseException) -> bool:
    """Whether there is no database to ask at the moment. It may have done what it was asked before it went away.

    psycopg tells no SQLSTATE of what it noticed itself: a lost connection, a refused one, a pool that ran dry.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if not type(cause).__module__.startswith("psycopg"):
        return False
    sqlstate: str | None = getattr(cause, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(OUTAGE_SQLSTATE_CLASSES)
