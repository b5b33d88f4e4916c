import sqlite3
from typing import Any
from unittest.mock import Mock, patch

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction

from api import transactions
from api.errors import Busy
from api.transactions import MAX_ATTEMPTS, in_one_statement, in_transaction, is_contention, pause_seconds, transactional

RETRYABLE = ["40P01", "40001", "55P03"]


@pytest.fixture(autouse=True)
def pauses() -> Any:
    """The pauses between the attempts, without taking them."""
    with patch("time.sleep") as sleep:
        yield sleep


def database_error(sqlstate: str) -> OperationalError:
    error = OperationalError("refused")
    error.__cause__ = psycopg.errors.lookup(sqlstate)("refused")
    return error


class Work:
    """Creates a group, then fails as often as told."""

    def __init__(self, *, failures: int, error: Exception) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        Group.objects.create(name="riders")
        if self.calls <= self.failures:
            raise self.error
        return self.calls


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sqlstate", RETRYABLE)
def test_contention_restarts_the_whole_work(sqlstate: str, pauses: Any) -> None:
    work = Work(failures=2, error=database_error(sqlstate))

    assert in_transaction(work) == 3
    assert Group.objects.count() == 1
    assert pauses.call_count == 2


@pytest.mark.django_db(transaction=True)
def test_lasting_contention_ends_as_busy_and_changes_nothing(pauses: Any) -> None:
    work = Work(failures=99, error=database_error("40P01"))

    with pytest.raises(Busy) as refusal:
        in_transaction(work)

    assert refusal.value.headers["Retry-After"] == "1"
    assert work.calls == MAX_ATTEMPTS == 5
    assert pauses.call_count == MAX_ATTEMPTS - 1
    assert Group.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_single_statement_is_tried_again_without_a_transaction() -> None:
    attempts: list[bool] = []

    def work() -> int:
        attempts.append(connection.in_atomic_block)
        if len(attempts) < 3:
            raise database_error("40P01")
        return Group.objects.create(name="riders").pk

    assert in_one_statement(work) == Group.objects.get().pk
    assert attempts == [False] * 3


@pytest.mark.django_db(transaction=True)
def test_a_single_statement_gives_up_as_busy(pauses: Any) -> None:
    with pytest.raises(Busy):
        in_one_statement(Mock(side_effect=database_error("55P03")))
    assert pauses.call_count == MAX_ATTEMPTS - 1


@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_a_single_statement_is_not_tried_by_itself() -> None:
    refused = Mock(side_effect=database_error("40P01"))
    with pytest.raises(OperationalError), transaction.atomic():
        in_one_statement(refused)
    assert refused.call_count == 1


@pytest.mark.django_db(transaction=True)
def test_waiting_attempts_end_before_the_caller_does() -> None:
    work = Work(failures=99, error=database_error("55P03"))

    with patch.object(transactions, "PATIENCE_SECONDS", -1.0), pytest.raises(Busy):
        in_transaction(work)

    assert work.calls == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [database_error("57014"), OperationalError("server closed the connection")])
def test_other_database_errors_are_not_retried(error: OperationalError) -> None:
    work = Work(failures=1, error=error)

    with pytest.raises(OperationalError):
        in_transaction(work)

    assert work.calls == 1
    assert Group.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_only_the_outermost_retries() -> None:
    work = Work(failures=1, error=database_error("40P01"))
    outer_calls = []

    def outer() -> int:
        outer_calls.append(1)
        return in_transaction(work)

    assert in_transaction(outer) == 2
    assert len(outer_calls) == 2


@pytest.mark.django_db
def test_joining_does_not_commit_the_callers_transaction() -> None:
    with transaction.atomic():
        in_transaction(lambda: Group.objects.create(name="riders"))
        assert connection.in_atomic_block
        transaction.set_rollback(True)

    assert Group.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_has_been_committed_is_not_done_again() -> None:
    """A hook that fails after the commit with a lock timeout of its own must not restart the work."""

    def work() -> None:
        Group.objects.create(name="riders")
        transaction.on_commit(fail)

    def fail() -> None:
        raise database_error("55P03")

    with pytest.raises(OperationalError):
        in_transaction(work)

    assert Group.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_transactional_service_keeps_its_signature_and_result() -> None:
    @transactional
    def rename(group: Group, *, name: str) -> str:
        """Docs."""
        assert connection.in_atomic_block
        Group.objects.filter(pk=group.pk).update(name=name)
        return name

    group = Group.objects.create(name="riders")

    assert rename(group, name="cooks") == "cooks"
    assert (rename.__name__, rename.__doc__) == ("rename", "Docs.")
    assert Group.objects.get().name == "cooks"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_FULL, False),
    ],
)
def test_sqlite_says_busy_or_locked(code: int, expected: bool) -> None:
    error = OperationalError("database is locked")
    error.__cause__ = sqlite3.OperationalError("database is locked")
    error.__cause__.sqlite_errorcode = code

    assert is_contention(error) is expected


def test_pauses_double_and_vary() -> None:
    for attempt, middle in ((1, 0.02), (2, 0.04), (3, 0.08), (4, 0.16)):
        assert 0.5 * middle <= pause_seconds(attempt) <= 1.5 * middle
    assert pause_seconds(1) != pause_seconds(1)
