"""What people do without an engine: one order after the other, each to whoever is nearest. To compare with."""

import numpy as np

from couriers.matching.explaining import Draft, explained
from couriers.matching.plan import Plan
from couriers.matching.situation import Situation
from couriers.matching.table import NONE, table_of


def match(situation: Situation) -> Plan:
    """The order that was promised first chooses first; couriers of unknown whereabouts come last."""
    lead = situation.rules.lead_seconds
    early = tuple(order for order in situation.orders if order.ready_seconds > lead)
    waiting = tuple(order for order in situation.orders if order.ready_seconds <= lead)
    table = table_of(Situation(orders=waiting, couriers=situation.couriers, rules=situation.rules))
    draft = Draft(table.copy())
    for column in sorted(range(len(table.orders)), key=lambda number: (table.orders[number].due_seconds, number)):
        row = _nearest(draft, column)
        if row is not None:
            draft.give(row, column)
            draft.table.reckon([row], draft.left)
    return explained(draft, before=table, early=early)


def _nearest(draft: Draft, column: int) -> int | None:
    table = draft.table
    has_room = np.array([courier.room > 0 for courier in table.couriers], dtype=bool)
    could = np.flatnonzero((table.reasons[:, column] == NONE) & has_room)
    if not could.size:
        return None
    distances = np.nan_to_num(table.distance_m[could, column], nan=np.inf)
    return int(could[distances.argmin()])
