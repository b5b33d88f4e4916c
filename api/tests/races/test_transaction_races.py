import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, transaction

from api.errors import Busy
from api.tests.waiting import PATIENCE_SECONDS, at_once, in_background
from api.transactions import in_transaction

pytestmark = pytest.mark.django_db(transaction=True)


def lock_both(first: int, second: int, *, mine: threading.Event, other: threading.Event) -> None:
    """Takes the two rows in this order, the second one only when the other thread holds it."""
    list(Group.objects.select_for_update().filter(pk=first))
    mine.set()
    assert other.wait(PATIENCE_SECONDS)
    list(Group.objects.select_for_update().filter(pk=second))
    Group.objects.filter(pk=second).update(name=f"{first} then {second}")


def opposite_orders(runner: Any) -> list[Any]:
    one, two = Group.objects.create(name="one").pk, Group.objects.create(name="two").pk
    a, b = threading.Event(), threading.Event()
    return at_once(
        [
            lambda: runner(lambda: lock_both(one, two, mine=a, other=b)),
            lambda: runner(lambda: lock_both(two, one, mine=b, other=a)),
        ]
    )


def test_a_deadlock_is_resolved_by_restarting_its_victim() -> None:
    opposite_orders(in_transaction)

    assert Group.objects.filter(name__contains="then").count() == 2


def test_without_the_restart_a_deadlock_loses_one_of_the_two() -> None:
    """The control."""

    def plain(work: Any) -> None:
        with transaction.atomic():
            work()

    with pytest.raises(OperationalError, match="deadlock detected"):
        opposite_orders(plain)

    assert Group.objects.filter(name__contains="then").count() == 1


def test_a_lock_held_for_too_long_ends_as_busy() -> None:
    group = Group.objects.create(name="riders")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Group.objects.select_for_update().get(pk=group.pk)
            held.set()
            assert release.wait(PATIENCE_SECONDS)

    def rename() -> None:
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20ms'")
        Group.objects.select_for_update().get(pk=group.pk)

    with ThreadPoolExecutor(1) as pool, patch("time.sleep"):
        holder = in_background(pool, hold)
        assert held.wait(PATIENCE_SECONDS)
        with pytest.raises(Busy):
            in_transaction(rename)
        release.set()
        holder.result(PATIENCE_SECONDS)
