"""Putting a plan into words that can be kept: for each order who was considered, and who was not and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from uuid import UUID

import numpy as np

from couriers.matching.plan import (
    CANDIDATES_TOLD,
    EXCLUSIONS_TOLD,
    Candidate,
    Excluded,
    Exclusion,
    Explanation,
    Outcome,
    Plan,
    Proposal,
)
from couriers.matching.routes import Matrix
from couriers.matching.situation import WaitingOrder
from couriers.matching.table import NONE, REASONS, Table


@dataclass(frozen=True, slots=True)
class Chosen:
    """A courier for an order, with what it comes to on the route the courier had when it was given."""

    row: int
    figures: tuple[float, ...]

    @classmethod
    def from_table(cls, table: Table, row: int, column: int) -> "Chosen":
        return cls(row, tuple(round(float(figure[row, column]), 1) for figure in _figures(table)))


def _figures(table: Table) -> tuple[Matrix, ...]:
    added = table.added
    return added.cost, added.door_seconds, added.travel_seconds, added.late_seconds


@dataclass(slots=True)
class Draft:
    """What has been decided so far, by the number of the order."""

    table: Table
    chosen: dict[int, Chosen] = field(default_factory=dict)

    def give(self, row: int, column: int) -> None:
        self.chosen[column] = Chosen.from_table(self.table, row, column)
        self.table.give(row, column)

    @property
    def left(self) -> list[int]:
        """The orders that nobody has got yet."""
        return [column for column in range(len(self.table.orders)) if column not in self.chosen]


def explained(draft: Draft, *, before: Table, early: tuple[WaitingOrder, ...]) -> Plan:
    """The plan. `before` is the table as it was when nothing had been decided."""
    columns = sorted(draft.chosen, key=lambda column: (before.orders[column].due_seconds, before.orders[column].id))
    proposals = [Proposal(before.orders[one].id, before.couriers[draft.chosen[one].row].id) for one in columns]
    told = _Telling(draft.chosen, before)
    explanations = [told.explanation(column) for column in range(len(before.orders))]
    explanations += [Explanation(order_id=one.id, outcome=Outcome.TOO_EARLY, courier_id=None) for one in early]
    return Plan(proposals=tuple(proposals), explanations=tuple(explanations))


class _Telling:
    def __init__(self, chosen: Mapping[int, Chosen], table: Table) -> None:
        self._chosen = chosen
        self._table = table
        self._cost = table.cost()
        self._order_ids: dict[int, list[UUID]] = {}
        for column, one in chosen.items():
            self._order_ids.setdefault(one.row, []).append(table.orders[column].id)

    def explanation(self, column: int) -> Explanation:
        chosen = self._chosen.get(column)
        could, *counts = np.bincount(self._table.reasons[:, column] - NONE, minlength=1 + len(REASONS)).tolist()
        return Explanation(
            order_id=self._table.orders[column].id,
            outcome=_outcome(chosen, could),
            courier_id=self._table.couriers[chosen.row].id if chosen else None,
            candidates=self._candidates(column, chosen, could),
            candidate_count=could,
            excluded=self._excluded(column),
            exclusion_counts={reason: count for reason, count in zip(REASONS, counts, strict=True) if count},
        )

    def _candidates(self, column: int, chosen: Chosen | None, could: int) -> tuple[Candidate, ...]:
        """The best, and the chosen one among them, as it is when nobody else has got anything."""
        best = _lowest(self._cost[:, column], min(could, CANDIDATES_TOLD))
        if chosen and chosen.row not in best:
            best = [*best[: CANDIDATES_TOLD - 1], chosen.row]
        cells = (np.round(figure[best, column], 1).tolist() for figure in _figures(self._table))
        return tuple(
            self._candidate(row, column, chosen.figures if chosen and chosen.row == row else figures)
            for row, *figures in zip(best, *cells, strict=True)
        )

    def _candidate(self, row: int, column: int, figures: Sequence[float]) -> Candidate:
        courier, order_id = self._table.couriers[row], self._table.orders[column].id
        cost, door_seconds, travel_seconds, late_seconds = figures
        return Candidate(
            courier_id=courier.id,
            cost=cost,
            distance_m=self._distance(row, column),
            position_age_seconds=courier.position_age_seconds,
            stops=len(courier.stops),
            door_seconds=door_seconds,
            travel_seconds=travel_seconds,
            late_seconds=late_seconds,
            proposed_for=tuple(other for other in self._order_ids.get(row, ()) if other != order_id),
        )

    def _excluded(self, column: int) -> tuple[Excluded, ...]:
        reasons = self._table.reasons[:, column]
        distance = np.where(reasons == NONE, np.inf, self._table.distance_m[:, column])
        nearest = [row for row in _lowest(distance, EXCLUSIONS_TOLD) if reasons[row] != NONE]
        return tuple(self._one_excluded(row, column) for row in nearest)

    def _one_excluded(self, row: int, column: int) -> Excluded:
        reason: Exclusion = REASONS[self._table.reasons[row, column]]
        return Excluded(courier_id=self._table.couriers[row].id, reason=reason, distance_m=self._distance(row, column))

    def _distance(self, row: int, column: int) -> float | None:
        metres = float(self._table.distance_m[row, column])
        return None if isnan(metres) else round(metres)


def _outcome(chosen: Chosen | None, could: int) -> Outcome:
    if chosen:
        return Outcome.PROPOSED
    return Outcome.OUTNUMBERED if could else Outcome.NOBODY


def _lowest(values: Matrix, count: int) -> list[int]:
    """The numbers of the lowest values, the lowest first, and of equal ones the first; what is no number comes last."""
    rows: list[int] = np.argsort(values, kind="stable")[:count].tolist()
    return rows
