"""All checks, and carrying them out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from operations.auditing import carrying, money, movement, notifications, orders, outbox, requests, stock
from operations.auditing.findings import Check, Findings
from operations.one_moment import one_moment

CHECKS: Final[tuple[Check, ...]] = (
    *stock.CHECKS,
    *orders.CHECKS,
    *money.CHECKS,
    *carrying.CHECKS,
    *movement.CHECKS,
    *outbox.CHECKS,
    *notifications.CHECKS,
    *requests.CHECKS,
)


@dataclass(frozen=True)
class Result:
    check: Check
    findings: Findings


@dataclass(frozen=True)
class Report:
    results: tuple[Result, ...]
    seconds: float

    @property
    def is_clean(self) -> bool:
        return not self.broken

    @property
    def broken(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.findings.broken)


def audit(checks: Sequence[Check] = CHECKS) -> Report:
    """Carry the checks out on one moment of the database. It only reads, and nobody has to wait for it."""
    started = time.perf_counter()
    with one_moment():
        results = tuple(Result(check, check.examine()) for check in checks)
    return Report(results, seconds=time.perf_counter() - started)
