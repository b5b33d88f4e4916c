import random
import sqlite3
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from api.errors import Busy

T = TypeVar("T")
P = ParamSpec("P")

MAX_ATTEMPTS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.02
# Where each attempt itself waits for locks, the attempts together must not outlast the caller's patience.
PATIENCE_SECONDS: Final = 10.0

DEADLOCK: Final = "40P01"
SERIALIZATION_FAILURE: Final = "40001"
LOCK_TIMEOUT: Final = "55P03"
RETRYABLE_SQLSTATES: Final = frozenset({DEADLOCK, SERIALIZATION_FAILURE, LOCK_TIMEOUT})
RETRYABLE_SQLITE_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def in_transaction(work: Callable[[], T]) -> T:
    """Run `work` in a transaction: the caller's if there is one, else one of its own.

    Only the outermost call retries, and only what the database asks to be tried again (deadlock,
    serialization failure, lock timeout), so `work` must be safe to restart from its beginning.
    Raises `Busy` when the attempts are used up.
    """
    if connection.in_atomic_block:
        return work()
    committed: list[bool] = []

    def attempt() -> T:
        with transaction.atomic():
            transaction.on_commit(partial(committed.append, True))
            return work()

    # An error of another on_commit hook comes after the commit: repeating would do the work twice.
    return _tried_again(attempt, is_done=lambda: bool(committed))


def in_one_statement(work: Callable[[], T]) -> T:
    """As `in_transaction`, for work that is a single statement: the database does all of it or nothing anyway, and has
    two messages less to answer."""
    return work() if connection.in_atomic_block else _tried_again(work)


def transactional(service: Callable[P, T]) -> Callable[P, T]:
    """`in_transaction` around every call of a service."""

    @wraps(service)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return in_transaction(partial(service, *args, **kwargs))

    return wrapper


def tell_after_commit(listener: Callable[[T], None], news: T) -> None:
    """Whatever goes wrong with it is logged: it undoes nothing and keeps nothing else from happening."""

    def tell() -> None:  # Django logs a hook that fails by its name, which a partial has not
        listener(news)

    transaction.on_commit(tell, robust=True)


def _tried_again(attempt: Callable[[], T], *, is_done: Callable[[], bool] = lambda: False) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            return attempt()
        except OperationalError as error:
            if is_done() or not is_contention(error):
                raise
            if number == MAX_ATTEMPTS or time.monotonic() > deadline:
                raise Busy from error
        time.sleep(pause_seconds(number))
    raise AssertionError("unreachable: the last attempt returns or raises")


def is_contention(error: OperationalError) -> bool:
    """Whether the database refused only because of somebody else's concurrent transaction."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in RETRYABLE_SQLITE_CODES
    return getattr(cause, "sqlstate", None) in RETRYABLE_SQLSTATES


def pause_seconds(attempt: int) -> float:
    """Exponential backoff with jitter, so that the losers of one collision do not meet again."""
    return FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)
