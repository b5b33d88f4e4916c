"""Who could carry what, and at what cost: the table that a plan is made from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from couriers.matching.plan import Exclusion
from couriers.matching.routes import Additions, Goals, Matrix, additions, distances_m, points, with_order
from couriers.matching.situation import KnownCourier, Rules, Situation, WaitingOrder

REASONS: Final = tuple(Exclusion)
NONE: Final = -1
Reasons = npt.NDArray[np.int8]


@dataclass(slots=True)
class Table:
    """Couriers are rows, orders columns, both sorted by id, so that a plan does not depend on how they were listed.

    It changes as orders are given to couriers: then the rows of these are reckoned anew.
    """

    couriers: list[KnownCourier]
    orders: Sequence[WaitingOrder]
    goals: Goals
    rules: Rules
    distance_m: Matrix
    reasons: Reasons
    added: Additions

    def cost(self) -> Matrix:
        """Infinite where the courier is excluded."""
        return np.where(self.reasons == NONE, self.added.cost, np.inf)

    def give(self, row: int, column: int) -> None:
        place = int(self.added.place[row, column])
        self.couriers[row] = with_order(self.couriers[row], self.orders[column], place=place)

    def reckon(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        """What the orders would add to the routes of these couriers as they are now."""
        if rows and columns:
            couriers = [self.couriers[row] for row in rows]
            self.added.put(rows, columns, additions(couriers, self.goals.some(columns), self.rules))

    def copy(self) -> "Table":
        return replace(self, couriers=list(self.couriers), added=self.added.copy())


def table_of(situation: Situation) -> Table:
    couriers = sorted(situation.couriers, key=lambda one: one.id)
    orders = sorted(situation.orders, key=lambda one: one.id)
    goals = Goals.of(orders)
    distance = _distances(couriers, goals)
    reasons = _reasons(couriers, orders, distance, rules=situation.rules)
    added = Additions.unknown(len(couriers), len(orders))
    table = Table(couriers, orders, goals, situation.rules, distance, reasons, added)
    table.reckon(np.flatnonzero((reasons == NONE).any(axis=1)).tolist(), range(len(orders)))
    return table


def _distances(couriers: Sequence[KnownCourier], goals: Goals) -> Matrix:
    """From where couriers were last seen to the stores; not a number where that is unknown."""
    distances = np.full((len(couriers), len(goals.ready_seconds)), np.nan)
    located = [(row, one.position) for row, one in enumerate(couriers) if one.position is not None]
    rows = [row for row, _ in located]
    distances[rows] = distances_m(points([position for _, position in located]), goals.stores)
    return distances


def _reasons(
    couriers: Sequence[KnownCourier], orders: Sequence[WaitingOrder], distance: Matrix, *, rules: Rules
) -> Reasons:
    """What is written later stands: the reasons come in the opposite order of their rank."""
    reasons = np.full(distance.shape, NONE, dtype=np.int8)
    with np.errstate(invalid="ignore"):
        reasons[distance > rules.farthest_m] = REASONS.index(Exclusion.TOO_FAR)
    _exclude(reasons, (_is_silent(one, rules) for one in couriers), Exclusion.SILENT)
    _exclude(reasons, (one.room <= 0 for one in couriers), Exclusion.BEING_ASKED)
    _exclude_asked(reasons, couriers, orders)
    _exclude(reasons, (one.active_orders >= one.capacity for one in couriers), Exclusion.AT_CAPACITY)
    _exclude(reasons, (not one.is_online for one in couriers), Exclusion.OFFLINE)
    _exclude_foreign(reasons, couriers, orders)
    return reasons


def _exclude(reasons: Reasons, couriers: Iterable[bool], reason: Exclusion) -> None:
    reasons[np.fromiter(couriers, dtype=bool)] = REASONS.index(reason)


def _is_silent(courier: KnownCourier, rules: Rules) -> bool:
    return courier.position_age_seconds is not None and courier.position_age_seconds > rules.silent_seconds


def _exclude_asked(reasons: Reasons, couriers: Sequence[KnownCourier], orders: Sequence[WaitingOrder]) -> None:
    rows = {courier.id: row for row, courier in enumerate(couriers)}
    for column, order in enumerate(orders):
        asked = [rows[courier_id] for courier_id in order.asked if courier_id in rows]
        reasons[asked, column] = REASONS.index(Exclusion.ASKED_ALREADY)


def _exclude_foreign(reasons: Reasons, couriers: Sequence[KnownCourier], orders: Sequence[WaitingOrder]) -> None:
    store_ids = [order.store_id for order in orders]
    for row, courier in enumerate(couriers):
        if courier.stores is not None:
            foreign = [column for column, store_id in enumerate(store_ids) if store_id not in courier.stores]
            reasons[row, foreign] = REASONS.index(Exclusion.OTHER_STORE)
