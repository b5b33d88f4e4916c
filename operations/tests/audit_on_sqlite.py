"""Breaks everything once on an SQLite database, and tells as JSON what the audit found.

For a process of its own (`test_audit_sqlite`): the tests' own database is PostgreSQL.
"""

import json
import sys

from django.core.management import call_command
from django.db import connection, transaction

from operations.auditing.audit import CHECKS, audit
from operations.tests.breakages import BREAKAGES, Breakage
from operations.tests.factories import Day, busy_day
from orders.tests.factories import make_store

CHECK_NAMED = {check.name: check for check in CHECKS}


def main() -> None:
    assert connection.vendor == "sqlite"
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        day = busy_day()
    report = {
        "broken": [result.check.name for result in audit().broken],
        "found": {breakage.name: found(breakage, day) for breakage in BREAKAGES},
        "writable": make_store().pk is not None,
    }
    sys.stdout.write(json.dumps(report))


def found(breakage: Breakage, day: Day) -> bool:
    """In a transaction that is taken back."""
    with transaction.atomic():
        offender = breakage.carry_out(day)
        findings = CHECK_NAMED[breakage.check].examine()
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    return (findings.broken, findings.offenders) == (1, (str(offender),))
