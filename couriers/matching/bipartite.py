"""Pairing rows with columns at the least total cost: the linear assignment problem, where a row may also be left."""

from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Pair = tuple[int, int]

FORBIDDEN: Final = 1e12
"""More than leaving any row costs, and finite, as the solver needs it."""


def cheapest_pairs(cost: Matrix, *, leaving: Matrix) -> list[Pair]:
    """Pairs of a row and a column, each at most once, by row; infinite costs are never chosen.

    `leaving[row]` is what it costs to pair a row with nothing. Solved exactly by the shortest augmenting paths of D. F.
    Crouse (On implementing 2D rectangular assignment algorithms, 2016) as SciPy has them. SciPy is heavy, so only who
    plans loads it; a single row needs none.
    """
    rows, columns = cost.shape
    if rows == 1:
        return _cheapest_pair(cost, leaving=leaving)

    from scipy.optimize import linear_sum_assignment

    nothing = np.broadcast_to(leaving[:, np.newaxis], (rows, rows))
    matrix = np.hstack([np.where(np.isfinite(cost), cost, FORBIDDEN), nothing])
    chosen = zip(*linear_sum_assignment(matrix), strict=True)
    return [(int(row), int(column)) for row, column in chosen if column < columns and np.isfinite(cost[row, column])]


def _cheapest_pair(cost: Matrix, *, leaving: Matrix) -> list[Pair]:
    column = int(cost[0].argmin()) if cost.size else 0
    return [(0, column)] if cost.size and cost[0, column] < leaving[0] else []


def total_cost(cost: Matrix, pairs: list[Pair], *, leaving: Matrix) -> float:
    paired = {row for row, _ in pairs}
    left = sum(float(leaving[row]) for row in range(len(leaving)) if row not in paired)
    return left + sum(float(cost[pair]) for pair in pairs)
