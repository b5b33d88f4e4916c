"""Each rule broken by hand, and found with the id of what breaks it."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from operations.auditing.audit import CHECKS, audit
from operations.tests.breakages import BREAKAGES, Breakage
from operations.tests.factories import Day, busy_day

CHECK_NAMED = {check.name: check for check in CHECKS}


@pytest.fixture(scope="module")
def shared_day(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Day]:
    """Told once, in a transaction around all tests of this module, because there are so many ways to break it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield busy_day()
        transaction.set_rollback(True)


@pytest.fixture
def day(shared_day: Day, db: None) -> Day:
    """What a test breaks is whole again for the next one."""
    return shared_day


def test_day_told_through_the_services_is_clean(day: Day) -> None:
    report = audit()
    assert report.broken == ()
    assert [result.check.name for result in report.results if result.findings.examined == 0] == []
    assert [result.check.name for result in report.results if result.findings.pending] == []


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: f"{breakage.check}-{breakage.name}")
def test_what_is_broken_by_hand_is_found(day: Day, breakage: Breakage) -> None:
    offender = breakage.carry_out(day)
    found = CHECK_NAMED[breakage.check].examine()
    assert (found.broken, found.offenders) == (1, (str(offender),))


def test_every_check_is_broken_by_a_test() -> None:
    assert {breakage.check for breakage in BREAKAGES} == set(CHECK_NAMED)
