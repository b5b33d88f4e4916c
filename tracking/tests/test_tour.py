from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.geography import Position
from orders.states import OrderStatus
from tracking.eta import Journey, Reached, eta_seconds, ride_seconds, stages_left_seconds
from tracking.tour import EXACT_UP_TO, Errand, Tour

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HANDOVER = 120.0
# Each 1,000.8 m further north: 1,301 m by road, 312.2 s at 15 km/h.
NORTH = [Position(52.5200 + 0.009 * steps, 13.4) for steps in range(6)]
STEP = 312


def errand(store: int, door: int, **known: Any) -> Errand:
    return Errand(order_id=uuid4(), store=NORTH[store], door=NORTH[door], **known)


def carried(store: int, door: int, *, minutes_ago: float = 1) -> Errand:
    return errand(store, door, picked_up_at=NOW - timedelta(minutes=minutes_ago))


def tour(*errands: Errand, courier: Position | None = NORTH[0]) -> Tour:
    return Tour(errands=errands, courier=courier, usual_kmh=15.0, handover_seconds=HANDOVER, now=NOW)


def rounded(found: Tour) -> list[tuple[int, int]]:
    reached = [found.reached[one.order_id] for one in found.errands]
    return [(round(one.store), round(one.door)) for one in reached]


def test_a_door_on_the_way_comes_first() -> None:
    far, near = carried(0, 4), carried(0, 1)
    assert rounded(tour(far, near)) == [(0, 4 * STEP + 120 + 1), (0, STEP)]


def test_what_is_at_the_same_counter_is_fetched_together() -> None:
    one, other = errand(1, 3), errand(1, 2)
    assert rounded(tour(one, other)) == [(STEP, 3 * STEP + 361), (STEP + 120, 2 * STEP + 240)]


def test_a_kitchen_that_is_slow_keeps_the_others_waiting_only_where_that_is_better_for_all() -> None:
    soon, late = (errand(0, 1, ready_at=NOW + timedelta(minutes=minutes)) for minutes in (3, 30))
    assert rounded(tour(soon, late)) == [(180, 180 + 120 + STEP), (1800, 1800 + 120 + STEP)]
    waits = errand(0, 1, ready_at=NOW + timedelta(minutes=4))
    assert rounded(tour(soon, waits)) == [(180, 420 + STEP), (300, 540 + STEP)]


def test_who_says_nothing_has_gone_on_since_the_last_pick_up() -> None:
    first, last = carried(0, 5, minutes_ago=20), carried(1, 2, minutes_ago=2)
    assert rounded(tour(first, last, courier=None)) == [(0, 4 * STEP + 1), (0, STEP - 120)]


def test_what_is_not_brought_yet_is_not_brought_before_now() -> None:
    overdue, other = carried(0, 1, minutes_ago=90), carried(0, 2, minutes_ago=90)
    assert rounded(tour(overdue, other, courier=None)) == [(0, 0), (0, 120 + STEP)]


def test_who_has_never_said_where_they_are_takes_a_usual_way_to_the_first_store() -> None:
    first = errand(1, 2)
    second = errand(2, 3)
    assert rounded(tour(first, second, courier=None)) == [(300, 420 + STEP), (540 + STEP, 660 + 2 * STEP)]


degrees = st.floats(-0.05, 0.05)
positions = st.builds(lambda north, east: Position(52.52 + north, 13.4 + east), degrees, degrees)
moments = st.one_of(st.none(), st.integers(-1800, 3600).map(lambda seconds: NOW + timedelta(seconds=seconds)))
picked_up = st.one_of(st.none(), st.integers(-3600, 0).map(lambda seconds: NOW + timedelta(seconds=seconds)))
errands = st.builds(
    Errand, order_id=st.uuids(), store=positions, door=positions, ready_at=moments, picked_up_at=picked_up
)


def hands(most: int) -> st.SearchStrategy[list[Errand]]:
    return st.lists(errands, min_size=1, max_size=most, unique_by=lambda one: one.order_id)


def journey(one: Errand, courier: Position | None, *, reached: Reached | None = None) -> Journey:
    return Journey(
        status=OrderStatus.PICKED_UP if one.picked_up_at else OrderStatus.ASSIGNED,
        store=one.store,
        door=one.door,
        usual_kmh=15.0,
        courier=courier,
        is_ready=one.ready_at is None,
        preparation_left_seconds=(one.ready_at - NOW).total_seconds() if one.ready_at else 0.0,
        since_pickup_seconds=(NOW - one.picked_up_at).total_seconds() if one.picked_up_at else 0.0,
        handover_seconds=HANDOVER,
        reached=reached,
    )


def arrival(one: Errand, found: Tour) -> int:
    seconds = eta_seconds(journey(one, found.courier, reached=found.reached[one.order_id]))
    assert seconds is not None
    return seconds


@given(errands, st.one_of(st.none(), positions))
def test_an_order_alone_comes_when_it_would_without_a_tour(one: Errand, courier: Position | None) -> None:
    alone = tour(one, courier=courier)
    with_tour = stages_left_seconds(journey(one, courier, reached=alone.reached[one.order_id]))
    assert with_tour == pytest.approx(stages_left_seconds(journey(one, courier)))


@given(hands(6), positions)
def test_nothing_comes_sooner_because_there_is_more_to_do(in_hand: list[Errand], courier: Position) -> None:
    """Not even when it is the first to be brought; one who has more may well bring what is near before what is old."""
    together = tour(*in_hand, courier=courier)
    for one in in_hand:
        assert arrival(one, together) >= arrival(one, tour(one, courier=courier)) - 1


@given(hands(6), positions)
def test_each_order_is_fetched_and_then_brought_and_nobody_is_in_two_places(
    in_hand: list[Errand], courier: Position
) -> None:
    reached = tour(*in_hand, courier=courier).reached
    assert reached.keys() == {one.order_id for one in in_hand}
    stops: list[float] = []
    for one in in_hand:
        at = reached[one.order_id]
        stops.append(at.door)
        if one.picked_up_at is None:
            assert at.store + HANDOVER <= at.door
            stops.append(at.store)
    stops.sort()
    assert all(later - sooner >= HANDOVER - 1e-6 for sooner, later in pairwise(stops))


@given(hands(3).filter(lambda in_hand: stops_of(in_hand) <= EXACT_UP_TO), st.one_of(st.none(), positions))
def test_no_way_makes_customers_wait_less(in_hand: list[Errand], courier: Position | None) -> None:
    """Against all orders of the stops, tried one by one."""
    found = tour(*in_hand, courier=courier)
    waiting = sum(at.door for at in found.reached.values())
    assert waiting == pytest.approx(min(waiting_on(way, found) for way in every_way(in_hand)))


def stops_of(in_hand: list[Errand]) -> int:
    return sum(1 if one.picked_up_at else 2 for one in in_hand)


def every_way(in_hand: list[Errand]) -> Iterator[Sequence[tuple[Errand, bool]]]:
    """Stores and doors."""
    stores = [(one, False) for one in in_hand if one.picked_up_at is None]
    for way in permutations([*stores, *((one, True) for one in in_hand)]):
        if all(way.index(store) < way.index((store[0], True)) for store in stores):
            yield way


def waiting_on(way: Sequence[tuple[Errand, bool]], found: Tour) -> float:
    here, seconds, waiting = found._start.position, found._start.seconds, 0.0
    for one, is_door in way:
        there = one.door if is_door else one.store
        seconds += 300.0 if here is None else ride_seconds(here, there, usual_kmh=15.0)
        ready = one.ready_at if one.ready_at and not is_door else NOW
        seconds = max(seconds, (ready - NOW).total_seconds(), 0.0)
        waiting += seconds if is_door else 0.0
        here, seconds = there, seconds + HANDOVER
    return waiting


@given(hands(2), positions, st.randoms())
def test_it_does_not_matter_which_order_is_asked_for_nor_how_they_are_named(
    in_hand: list[Errand], courier: Position, dice: Any
) -> None:
    waiting = sum(at.door for at in tour(*in_hand, courier=courier).reached.values())
    renamed: list[Errand] = [replace(one, order_id=UUID(int=number)) for number, one in enumerate(in_hand)]
    dice.shuffle(renamed)
    assert sum(at.door for at in tour(*renamed, courier=courier).reached.values()) == pytest.approx(waiting)


@given(hands(3), positions)
def test_beyond_what_is_tried_out_the_soonest_comes_next_which_is_never_better(
    in_hand: list[Errand], courier: Position
) -> None:
    exact = sum(at.door for at in tour(*in_hand, courier=courier).reached.values())
    with patch("tracking.tour.EXACT_UP_TO", 0):
        soonest = sum(at.door for at in tour(*in_hand, courier=courier).reached.values())
    assert soonest >= exact - 1e-6


def test_a_courier_with_fifty_orders_is_reckoned_with_few_measurements() -> None:
    """Not all ways: a hundred stops, from each of which at most the others are looked at."""
    in_hand = [replace(errand(number % 5, number % 3), order_id=UUID(int=number)) for number in range(50)]
    with patch("tracking.tour.ride_seconds", wraps=ride_seconds) as measured:
        assert len(tour(*in_hand).reached) == 50
    assert measured.call_count <= 100 * 101 / 2
