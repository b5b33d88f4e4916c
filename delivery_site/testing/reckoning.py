"""Whether all is as it must be after a bad day, in sentences that say what is not."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from delivery_site.testing.driving import Outcome, Witness
from delivery_site.testing.installation import Installation
from delivery_site.testing.killing import Killer
from delivery_site.testing.waiting import PATIENCE_SECONDS, until
from operations.simulation.contract import FINAL_STATUSES


def faults(site: Installation, *, outcomes: Sequence[Outcome], witness: Witness, killer: Killer) -> list[str]:
    """Waits until whatever the site has still to do is done: what stays undone is a fault."""
    return [
        *(problem for outcome in outcomes for problem in _of_run(outcome)),
        *_of_promises(witness, outcomes[-1].statuses),
        *(f"{name} ended by itself" for name in killer.ended_unasked),
        *_of_audit(site),
    ]


def _of_run(outcome: Outcome) -> Iterator[str]:
    yield from outcome.summary.problems
    for place, times in outcome.summary.traffic.server_errors.items():
        yield f"{place}: {times} times"


def _of_promises(witness: Witness, statuses: Any) -> Iterator[str]:
    promised = witness.placed_orders()
    for path, key in witness.contradictions():
        yield f"{path} answered differently under one key, {key}"
    for order in sorted({order for order in promised if promised.count(order) > 1}):
        yield f"order {order} was promised under two keys"
    for order in sorted(set(promised) - set(statuses)):
        yield f"order {order} was promised and is not there"
    for order in sorted(set(statuses) - set(promised)):
        yield f"order {order} is there and was never promised"
    for order, status in statuses.items():
        if status not in FINAL_STATUSES:
            yield f"order {order} is left {status}"


def _of_audit(site: Installation) -> Iterator[str]:
    try:
        until(lambda: not pending_of(report_of(site)))
    except TimeoutError:
        yield f"still pending after {PATIENCE_SECONDS:.0f} s: {', '.join(pending_of(report_of(site)))}"
    for check in report_of(site)["checks"]:
        if check["broken"]:
            yield f"audit: {check['name']}: {check['broken']} broken, {', '.join(check['offenders'])}"


def report_of(site: Installation) -> Any:
    audited = site.manage("audit", "--json")
    assert audited.returncode in (0, 1), audited.stderr
    return json.loads(audited.stdout)


def pending_of(report: Any) -> list[str]:
    return [check["name"] for check in report["checks"] if check["pending"]]
