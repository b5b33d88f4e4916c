"""Between when and when an order will come: a single minute would promise more than anybody knows.

Each stage that is left may take less or more than the time of arrival reckons with. The stages are independent of each
other, so their spreads add up in quadrature; things go on for longer more often than they are done early. Then the
window is widened to whole steps of five minutes, which also keeps it from changing with every position. The shares are
such that four of five orders of recorded days came within their window (benchmarks/README.md); before somebody has
accepted it, nobody knows what an order will be carried along with.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import hypot
from typing import Final

from orders.states import OrderStatus
from tracking.eta import Journey, eta_seconds, stages_left_seconds

EARLIER_SHARE: Final = 0.25
LATER_SHARE: Final = 0.35
LATER_SHARE_WITHOUT_COURIER: Final = 0.8
STEP: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime


def arrival_window(journey: Journey, *, now: datetime) -> Window | None:
    """None where the order is not on its way. It never begins in the past."""
    left = eta_seconds(journey)
    if left is None:
        return None
    spread = hypot(*stages_left_seconds(journey))
    later_share = LATER_SHARE_WITHOUT_COURIER if journey.status == OrderStatus.CONFIRMED else LATER_SHARE
    earliest = now + timedelta(seconds=left - EARLIER_SHARE * spread)
    latest = now + timedelta(seconds=left + later_share * spread)
    this_minute = now.replace(second=0, microsecond=0)
    return Window(start=max(_step_before(earliest), this_minute), end=_step_before(latest) + STEP)


def _step_before(moment: datetime) -> datetime:
    """In Greenwich, which is right for every zone: they are apart by whole quarters of an hour."""
    return datetime.fromtimestamp(moment.timestamp() // STEP.total_seconds() * STEP.total_seconds(), tz=UTC)
