from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.geography import Position
from orders.states import OrderStatus
from tracking.arrival import Window, arrival_window
from tracking.eta import Journey

STORE = Position(52.5200, 13.4000)
# 624 s by bicycle.
DOOR = Position(52.5380, 13.4000)


def window(status: OrderStatus, *, at: str, **known: Any) -> Window | None:
    plain = {"store": STORE, "door": DOOR, "usual_kmh": 15.0, "handover_seconds": 120.0}
    journey = Journey(**{"status": status, **plain, **known})
    return arrival_window(journey, now=moment(at))


def moment(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-21T{clock}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "known", "clock", "start", "end"),
    [
        # 744 s left, spread 635 s: from 159 s earlier to 222 s later, 12:09:45 to 12:16:07.
        (OrderStatus.PICKED_UP, {"courier": STORE}, "12:00:00", "12:05:00", "12:20:00"),
        # 1,764 s left, spread 1,108 s: 12:24:47 to 12:35:52, and 12:44:11 while nobody has it.
        (OrderStatus.ASSIGNED, {"preparation_left_seconds": 900}, "12:00:00", "12:20:00", "12:40:00"),
        (OrderStatus.CONFIRMED, {"preparation_left_seconds": 900}, "12:00:00", "12:20:00", "12:45:00"),
        # 120 s left, spread 120 s: 12:03:30 to 12:04:42, but that is 12:00 in whole steps, and over.
        (OrderStatus.PICKED_UP, {"courier": DOOR}, "12:02:00", "12:02:00", "12:05:00"),
    ],
)
def test_the_window_is_wider_the_more_is_still_to_come(
    status: OrderStatus, known: dict[str, Any], clock: str, start: str, end: str
) -> None:
    assert window(status, at=clock, **known) == Window(moment(start), moment(end))


@pytest.mark.parametrize("status", [OrderStatus.CREATED, OrderStatus.DELIVERED, OrderStatus.FAILED])
def test_what_is_not_on_its_way_has_no_window(status: OrderStatus) -> None:
    assert window(status, at="12:00:00") is None
