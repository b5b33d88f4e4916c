"""What every plan keeps to, and how the engine in use decides."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couriers.matching import nearest, together
from couriers.matching.bipartite import total_cost
from couriers.matching.plan import CANDIDATES_TOLD, EXCLUSIONS_TOLD, Engine, Exclusion, Outcome, Plan
from couriers.matching.situation import Situation, Stop
from couriers.matching.table import table_of
from couriers.tests.matching_stories import OTHER_STORE, STORE, courier, east, order, situation, situations

ENGINES = pytest.mark.parametrize(
    "engine", [pytest.param(together.match, id="together"), pytest.param(nearest.match, id="nearest")]
)


def given_to(plan: Plan) -> dict[int, int]:
    """Couriers by order."""
    return {one.order_id.int: one.courier_id.int for one in plan.proposals}


def reasons(plan: Plan, order_number: int) -> dict[int, Exclusion]:
    return {one.courier_id.int: one.reason for one in plan.explanation_of(UUID(int=order_number)).excluded}


# What every plan keeps to


@ENGINES
@given(given_situation=situations())
@settings(max_examples=40, deadline=None)
def test_nobody_gets_more_than_they_have_room_for(engine: Engine, given_situation: Situation) -> None:
    counts = Counter(one.courier_id for one in engine(given_situation).proposals)
    room = {one.id: one.room for one in given_situation.couriers}
    assert all(count <= room[courier_id] for courier_id, count in counts.items())


@ENGINES
@given(given_situation=situations())
@settings(max_examples=40, deadline=None)
def test_nobody_gets_what_they_are_excluded_from(engine: Engine, given_situation: Situation) -> None:
    plan = engine(given_situation)
    couriers = {one.id: one for one in given_situation.couriers}
    orders = {one.id: one for one in given_situation.orders}
    for proposal in plan.proposals:
        chosen, wanted = couriers[proposal.courier_id], orders[proposal.order_id]
        assert chosen.is_online
        assert chosen.stores is None or wanted.store_id in chosen.stores
        assert chosen.id not in wanted.asked
        assert wanted.ready_seconds <= given_situation.rules.lead_seconds
        assert proposal.courier_id not in {one.courier_id for one in plan.explanation_of(wanted.id).excluded}


@ENGINES
@given(given_situation=situations())
@settings(max_examples=40, deadline=None)
def test_every_order_is_explained_and_given_once_at_most(engine: Engine, given_situation: Situation) -> None:
    plan = engine(given_situation)
    assert sorted(one.order_id for one in plan.explanations) == sorted(one.id for one in given_situation.orders)
    proposed = {one.order_id: one.courier_id for one in plan.proposals}
    assert len(proposed) == len(plan.proposals)
    for one in plan.explanations:
        assert one.courier_id == proposed.get(one.order_id)
        assert (one.outcome == Outcome.PROPOSED) == (one.order_id in proposed)
        if one.outcome != Outcome.TOO_EARLY:
            told = one.candidate_count + sum(one.exclusion_counts.values())
            assert told == len(given_situation.couriers)
            assert one.courier_id is None or one.courier_id in {known.courier_id for known in one.candidates}


@ENGINES
@given(given_situation=situations(), dice=st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_plan_does_not_depend_on_how_things_are_listed(
    engine: Engine, given_situation: Situation, dice: object
) -> None:
    shuffled = replace(
        given_situation,
        orders=tuple(sorted(given_situation.orders, key=lambda _: dice.random())),  # type: ignore[attr-defined]
        couriers=tuple(sorted(given_situation.couriers, key=lambda _: dice.random())),  # type: ignore[attr-defined]
    )
    plan, other = engine(given_situation), engine(shuffled)
    assert plan.proposals == other.proposals
    assert sorted(plan.explanations, key=lambda one: one.order_id) == sorted(
        other.explanations, key=lambda one: one.order_id
    )


@given(given_situation=situations(most_room=1))
@settings(max_examples=40, deadline=None)
def test_for_couriers_with_room_for_one_nothing_is_cheaper_than_one_after_the_other(given_situation: Situation) -> None:
    """Where nobody can get two, the price of a plan is the sum of its pairs."""
    waiting = tuple(one for one in given_situation.orders if one.ready_seconds <= given_situation.rules.lead_seconds)
    table = table_of(replace(given_situation, orders=waiting))
    leaving = together.cost_of_leaving(table)
    rows = {one.id: row for row, one in enumerate(table.couriers)}
    columns = {one.id: column for column, one in enumerate(table.orders)}

    def price(engine: Engine) -> float:
        pairs = [(columns[one.order_id], rows[one.courier_id]) for one in engine(given_situation).proposals]
        return total_cost(table.cost().T, pairs, leaving=leaving)

    assert price(together.match) <= price(nearest.match) + 1e-6


# How the engine in use decides


def test_the_nearest_courier_is_sent_where_there_is_a_choice() -> None:
    plan = together.match(situation([order(1)], [courier(11, at=900), courier(12, at=100), courier(13, at=500)]))
    assert given_to(plan) == {1: 12}


def test_orders_are_given_together_not_one_after_the_other() -> None:
    """Between both stores stands a courier who is nearest to each; the other one can only reach the first in time."""
    orders = [order(1, at=0, due_seconds=100), order(2, at=300, due_seconds=200)]
    couriers = [courier(11, at=100), courier(12, at=-150)]
    scene = situation(orders, couriers)
    assert given_to(nearest.match(scene)) == {1: 11, 2: 12}
    assert given_to(together.match(scene)) == {1: 12, 2: 11}


def test_lateness_outweighs_riding() -> None:
    """The nearest courier has a door to go to first, which would make the order late."""
    busy = courier(11, at=0, capacity=2, active_orders=1, stops=(Stop(position=east(-3_000), due_seconds=300.0),))
    plan = together.match(situation([order(1, due_seconds=400.0)], [busy, courier(12, at=-2_000)]))
    assert given_to(plan) == {1: 12}


def test_an_order_on_the_way_goes_to_whom_it_hardly_costs() -> None:
    """At the same store, to the same street: the courier who waits there takes both along."""
    there = courier(
        11, at=0, capacity=2, active_orders=1,
        stops=(Stop(position=east(0), ready_seconds=0.0), Stop(position=east(1_000), due_seconds=3_600.0)),
    )  # fmt: skip
    plan = together.match(situation([order(1, at=0, to=1_100)], [there, courier(12, at=-1_500)]))
    assert given_to(plan) == {1: 11}
    (best, _) = plan.explanation_of(UUID(int=1)).candidates
    assert (best.travel_seconds, best.door_seconds, best.stops) == (10.0, 110.0, 2)


def test_a_courier_with_room_gets_several_when_there_are_not_enough() -> None:
    orders = [order(number, at=0, to=1_000 + number) for number in range(1, 4)]
    plan = together.match(situation(orders, [courier(11, capacity=2)]))
    assert sorted(given_to(plan).values()) == [11, 11]
    left = next(one for one in plan.explanations if one.courier_id is None)
    assert (left.outcome, left.candidate_count) == (Outcome.OUTNUMBERED, 1)
    assert len(left.candidates[0].proposed_for) == 2


def test_of_two_orders_for_one_courier_the_later_one_goes_first() -> None:
    orders = [order(1, due_seconds=3_600), order(2, due_seconds=-600)]
    assert given_to(together.match(situation(orders, [courier(11, at=500)]))) == {2: 11}


def test_nobody_is_sent_long_before_an_order_is_ready() -> None:
    plan = together.match(situation([order(1, ready_seconds=901)], [courier(11)]))
    assert (given_to(plan), plan.explanations[0].outcome) == ({}, Outcome.TOO_EARLY)
    assert given_to(together.match(situation([order(1, ready_seconds=900)], [courier(11)]))) == {1: 11}


def test_each_excluded_courier_is_told_with_the_reason() -> None:
    couriers = [
        courier(11, is_online=False),
        courier(12, active_orders=1),
        courier(13, stores=frozenset({OTHER_STORE})),
        courier(14),
        courier(15, open_offers=1),
        courier(16, position_age_seconds=3_601.0),
        courier(17, at=15_100),
        courier(18, stores=frozenset({STORE})),
    ]
    plan = together.match(situation([order(1, asked=frozenset({UUID(int=14)}))], couriers))
    assert given_to(plan) == {1: 18}
    assert reasons(plan, 1) == {
        11: Exclusion.OFFLINE, 12: Exclusion.AT_CAPACITY, 13: Exclusion.OTHER_STORE, 14: Exclusion.ASKED_ALREADY,
        15: Exclusion.BEING_ASKED, 16: Exclusion.SILENT, 17: Exclusion.TOO_FAR,
    }  # fmt: skip
    assert plan.explanations[0].exclusion_counts == dict.fromkeys(Exclusion, 1)


def test_a_known_position_beats_an_unknown_one_and_an_old_one_is_doubted() -> None:
    unknown, old, fresh = courier(11, at=None), courier(12, at=0, position_age_seconds=1_860.0), courier(13, at=2_000)
    plan = together.match(situation([order(1)], [unknown, old, fresh]))
    assert given_to(plan) == {1: 13}
    doors = {one.courier_id.int: one.door_seconds for one in plan.explanations[0].candidates}
    assert doors == {13: 300.0, 12: 550.0, 11: 1_000.0}
    assert given_to(together.match(situation([order(1)], [unknown]))) == {1: 11}


def test_who_was_better_and_went_elsewhere_is_told() -> None:
    orders = [order(1, at=0, due_seconds=100), order(2, at=300, due_seconds=200)]
    plan = together.match(situation(orders, [courier(11, at=100), courier(12, at=-150)]))
    first = plan.explanation_of(UUID(int=1))
    assert [(one.courier_id.int, one.distance_m) for one in first.candidates] == [(11, 100.0), (12, 150.0)]
    assert first.candidates[0].proposed_for == (UUID(int=2),)


def test_what_is_told_is_bounded() -> None:
    couriers = [courier(number, at=number) for number in range(100, 150)]
    couriers += [courier(number, at=number, is_online=False) for number in range(200, 260)]
    (told,) = together.match(situation([order(1)], couriers)).explanations
    assert (len(told.candidates), told.candidate_count) == (CANDIDATES_TOLD, 50)
    assert (len(told.excluded), told.exclusion_counts) == (EXCLUSIONS_TOLD, {Exclusion.OFFLINE: 60})
    assert [one.courier_id.int for one in told.excluded] == list(range(200, 230))


@ENGINES
def test_without_couriers_or_orders_there_is_nothing_to_plan(engine: Engine) -> None:
    assert engine(situation([], [courier(11)])).proposals == ()
    plan = engine(situation([order(1)], []))
    assert (plan.proposals, plan.explanations[0].outcome) == ((), Outcome.NOBODY)
