"""Times of arrival where a routing engine has said which way it goes."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.geography import Position
from orders.states import OrderStatus
from tracking.eta import Journey, Reached, eta_seconds, progress
from tracking.roads.route import Route

STORE = Position(52.5200, 13.4000)
DOOR = Position(52.5290, 13.4148)
CORNER = Position(52.5200, 13.4148)
# A kilometre east and one north; 1.42 km and 442 s by the straight line.
AROUND = Route(seconds=600, metres=2003, points=(STORE, CORNER, DOOR))
BY_AIR = 442


def journey(status: OrderStatus = OrderStatus.PICKED_UP, **known: Any) -> Journey:
    plain = {"store": STORE, "door": DOOR, "usual_kmh": 15.0, "handover_seconds": 120.0, "route": AROUND}
    return Journey(**{"status": status, **plain, **known})


def test_before_the_pickup_the_whole_way_is_to_come() -> None:
    waiting = journey(OrderStatus.ASSIGNED, courier=STORE, is_ready=True)
    assert eta_seconds(waiting) == 120 + 600 + 120
    assert eta_seconds(journey(OrderStatus.ASSIGNED, courier=STORE, is_ready=True, route=None)) == 120 + BY_AIR + 120


@pytest.mark.parametrize(
    ("known", "seconds", "percent"),
    [
        pytest.param({"courier": STORE}, 600 + 120, 60, id="setting out"),
        pytest.param({"courier": Position(52.5200, 13.4074)}, 450 + 120, 69, id="before the corner"),
        pytest.param({"courier": CORNER}, 300 + 120, 78, id="at the corner"),
        pytest.param({"courier": DOOR}, 120, 95, id="at the door"),
        pytest.param({"courier": Position(52.5191, 13.4148)}, 300 + 31 + 120, 76, id="100 m off the way"),
        pytest.param({"since_pickup_seconds": 150}, 450 + 120, 69, id="unknown, by the clock"),
        pytest.param({"since_pickup_seconds": 9999}, 120, 95, id="unknown, overdue"),
    ],
)
def test_on_the_way_its_rest_is_to_come(known: dict[str, Any], seconds: int, percent: int) -> None:
    assert (eta_seconds(journey(**known)), progress(journey(**known))) == (seconds, percent)


def test_with_other_orders_in_hand_the_tour_counts() -> None:
    assert eta_seconds(journey(courier=STORE, reached=Reached(store=0, door=900))) == 900 + 120


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=2))
def test_the_time_left_never_grows_along_the_way(shares: list[float]) -> None:
    left = [eta_seconds(journey(courier=_along(share))) or 0 for share in sorted(shares)]
    assert all(later <= sooner for sooner, later in pairwise(left))


def _along(share: float) -> Position:
    start, end, rest = (STORE, CORNER, 2 * share) if share < 0.5 else (CORNER, DOOR, 2 * share - 1)
    return Position(
        start.latitude + rest * (end.latitude - start.latitude),
        start.longitude + rest * (end.longitude - start.longitude),
    )
