"""The pairing itself: exact, whatever the costs."""

from itertools import permutations
from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from couriers.matching.bipartite import Matrix, Pair, cheapest_pairs, total_cost

COST = st.one_of(st.just(inf), st.integers(0, 1_000).map(float))


@st.composite
def problems(draw: st.DrawFn, most: int = 4) -> tuple[Matrix, Matrix]:
    rows, columns = draw(st.integers(1, most)), draw(st.integers(0, most))
    cost = draw(st.lists(COST, min_size=rows * columns, max_size=rows * columns))
    leaving = draw(st.lists(st.integers(0, 2_000).map(float), min_size=rows, max_size=rows))
    return np.array(cost, dtype=float).reshape(rows, columns), np.array(leaving)


def every_pairing(cost: Matrix) -> list[list[Pair]]:
    """Each row with a column of its own or with none, by trying them all."""
    rows, columns = cost.shape
    nothing = [None] * rows
    ways = set(permutations([*range(columns), *nothing], rows))
    return [[(row, column) for row, column in enumerate(way) if column is not None] for way in ways]


def greedy(cost: Matrix, leaving: Matrix) -> list[Pair]:
    """One row after the other, each to the cheapest column that is left, if that beats leaving it."""
    taken: list[Pair] = []
    for row in range(len(leaving)):
        free = [column for column in range(cost.shape[1]) if column not in {used for _, used in taken}]
        best = min(free, key=lambda column: cost[row, column], default=None)
        if best is not None and cost[row, best] < leaving[row]:
            taken.append((row, best))
    return taken


@given(problem=problems(most=4))
@settings(max_examples=150, deadline=None)
def test_no_pairing_is_cheaper(problem: tuple[Matrix, Matrix]) -> None:
    cost, leaving = problem
    found = total_cost(cost, cheapest_pairs(cost, leaving=leaving), leaving=leaving)
    assert found == min(total_cost(cost, pairs, leaving=leaving) for pairs in every_pairing(cost))


@given(problem=problems(most=12))
@settings(max_examples=100, deadline=None)
def test_it_is_never_worse_than_one_after_the_other(problem: tuple[Matrix, Matrix]) -> None:
    cost, leaving = problem
    found = total_cost(cost, cheapest_pairs(cost, leaving=leaving), leaving=leaving)
    assert found <= total_cost(cost, greedy(cost, leaving), leaving=leaving)


@given(problem=problems(most=12))
@settings(max_examples=100, deadline=None)
def test_nothing_is_paired_twice_or_where_it_is_forbidden(problem: tuple[Matrix, Matrix]) -> None:
    cost, leaving = problem
    pairs = cheapest_pairs(cost, leaving=leaving)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(cost[pair] < inf for pair in pairs)
