from typing import Any

import pytest

from catalog.geography import Position, distance_m
from orders.states import OrderStatus
from tracking.eta import Journey, eta_seconds, progress, ride_seconds

STORE = Position(52.5200, 13.4000)
DOOR = Position(52.5380, 13.4000)
HALF_WAY = Position(52.5290, 13.4000)
NEAR_STORE = Position(52.5110, 13.4000)

# 2,001.5 m north in a straight line, 2,602 m by road, 624.5 s at 15 km/h.
RIDE = 624
HALF_RIDE = 312


def journey(status: OrderStatus = OrderStatus.ASSIGNED, **known: Any) -> Journey:
    plain = {"store": STORE, "door": DOOR, "usual_kmh": 15.0, "handover_seconds": 120.0}
    return Journey(**{"status": status, **plain, **known})


def test_a_ride_is_longer_than_the_straight_line() -> None:
    assert round(distance_m(STORE, DOOR)) == 2002
    assert round(ride_seconds(STORE, DOOR, usual_kmh=15)) == RIDE
    assert round(ride_seconds(STORE, DOOR, usual_kmh=30)) == HALF_RIDE
    assert ride_seconds(STORE, STORE, usual_kmh=15) == 0


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        pytest.param({"courier": STORE, "is_ready": True}, 120 + RIDE + 120, id="at the counter, ready"),
        pytest.param({"courier": NEAR_STORE, "is_ready": True}, HALF_RIDE + 120 + RIDE + 121, id="riding there, ready"),
        pytest.param(
            {"courier": STORE, "preparation_left_seconds": 600}, 600 + 120 + RIDE + 120, id="at the counter, waiting"
        ),
        pytest.param(
            {"courier": NEAR_STORE, "preparation_left_seconds": 600},
            600 + 120 + RIDE + 120,
            id="riding there, the kitchen is slower",
        ),
        pytest.param({"courier": STORE, "preparation_left_seconds": -600}, 120 + RIDE + 120, id="the kitchen is late"),
        pytest.param({"is_ready": True}, 300 + 120 + RIDE + 120, id="nobody knows where the courier is"),
        pytest.param({"is_ready": True, "preparation_left_seconds": 900}, 300 + 120 + RIDE + 120, id="ready early"),
    ],
)
def test_before_the_pickup(known: dict[str, Any], seconds: int) -> None:
    assert eta_seconds(journey(**known)) == seconds
    assert eta_seconds(journey(OrderStatus.CONFIRMED, **known)) == seconds


@pytest.mark.parametrize(
    ("known", "seconds", "percent"),
    [
        pytest.param({"courier": STORE}, RIDE + 120, 60, id="setting out"),
        pytest.param({"courier": HALF_WAY}, HALF_RIDE + 120, 78, id="half way"),
        pytest.param({"courier": DOOR}, 120, 95, id="at the door"),
        pytest.param({"courier": NEAR_STORE}, RIDE + HALF_RIDE + 121, 60, id="going the other way"),
        pytest.param({"since_pickup_seconds": 0}, RIDE + 120, 60, id="unknown, setting out"),
        pytest.param({"since_pickup_seconds": 312}, HALF_RIDE + 120, 77, id="unknown, half way by the clock"),
        pytest.param({"since_pickup_seconds": 9999}, 120, 95, id="unknown, overdue"),
        pytest.param(
            {"courier": STORE, "since_pickup_seconds": 9999}, RIDE + 120, 60, id="a known position counts more"
        ),
        pytest.param({"door": STORE, "courier": STORE}, 120, 95, id="next door"),
    ],
)
def test_after_the_pickup(known: dict[str, Any], seconds: int, percent: int) -> None:
    carried = journey(OrderStatus.PICKED_UP, **known)
    assert (eta_seconds(carried), progress(carried)) == (seconds, percent)


@pytest.mark.parametrize(
    ("status", "percent"),
    [
        (OrderStatus.CREATED, 0),
        (OrderStatus.PAID, 10),
        (OrderStatus.FAILED, 60),
        (OrderStatus.DELIVERED, 100),
        (OrderStatus.CANCELLED, 0),
    ],
)
def test_what_is_not_on_its_way_has_no_time_of_arrival(status: OrderStatus, percent: int) -> None:
    assert (eta_seconds(journey(status)), progress(journey(status))) == (None, percent)


@pytest.mark.parametrize(("status", "percent"), [(OrderStatus.CONFIRMED, 20), (OrderStatus.ASSIGNED, 40)])
def test_being_ready_is_progress(status: OrderStatus, percent: int) -> None:
    assert progress(journey(status)) == percent
    assert progress(journey(status, is_ready=True)) == percent + 10


def test_every_state_has_its_progress() -> None:
    assert [0 <= progress(journey(status)) <= 100 for status in OrderStatus] == [True] * len(OrderStatus)
