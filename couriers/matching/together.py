"""The engine in use: all waiting orders are given to couriers together, at the least cost for all.

Each round pairs orders with couriers exactly (`bipartite`). A courier with room for several is there as many times, at
a supposed price for what each further order costs. Who gets several in a round keeps the cheapest; the others take part
in the next round, in which the courier's new route is known, and with it the price. What is left for want of couriers
waits for the next plan: the orders for which it matters least.
"""

from typing import Final

import numpy as np

from couriers.matching.bipartite import Pair, cheapest_pairs
from couriers.matching.explaining import Draft, explained
from couriers.matching.plan import Plan
from couriers.matching.routes import Matrix
from couriers.matching.situation import Situation
from couriers.matching.table import Table, table_of

MOST_ROUNDS: Final = 6


def match(situation: Situation) -> Plan:
    lead = situation.rules.lead_seconds
    early = tuple(order for order in situation.orders if order.ready_seconds > lead)
    waiting = tuple(order for order in situation.orders if order.ready_seconds <= lead)
    table = table_of(Situation(orders=waiting, couriers=situation.couriers, rules=situation.rules))
    draft = Draft(table.copy())
    leaving = cost_of_leaving(table)
    for _ in range(MOST_ROUNDS):
        if not _round(draft, leaving=leaving):
            break
    return explained(draft, before=table, early=early)


def cost_of_leaving(table: Table) -> Matrix:
    """Per order: more than its best courier costs, and more for those that would be later for it."""
    rules, cost = table.rules, table.cost()
    leaving = np.zeros(len(table.orders))
    could = np.isfinite(cost).any(axis=0)
    door = np.where(np.isfinite(cost), table.added.door_seconds, np.inf)[:, could].min(axis=0, initial=np.inf)
    past_due = door - table.goals.due_seconds[could]
    later = np.maximum(0.0, past_due + rules.next_plan_seconds) - np.maximum(0.0, past_due)
    best = cost[:, could].min(axis=0, initial=np.inf)
    leaving[could] = best + rules.unassigned_seconds + rules.lateness_weight * later
    return leaving


def _round(draft: Draft, *, leaving: Matrix) -> bool:
    """Whether anything was given."""
    left = draft.left
    rows, surcharge = _copies(draft)
    if not left or not rows:
        return False
    cost = draft.table.cost()[np.ix_(rows, left)].T + surcharge
    pairs = [(left[order], rows[copy]) for order, copy in cheapest_pairs(cost, leaving=leaving[left])]
    given = _one_each(draft, pairs)
    for row, column in given.items():
        draft.give(row, column)
    draft.table.reckon(list(given), draft.left)
    return bool(pairs)


def _copies(draft: Draft) -> tuple[list[int], Matrix]:
    """Each courier as many times as orders they may still get, and what each time costs on top."""
    rules = draft.table.rules
    given = np.bincount([one.row for one in draft.chosen.values()], minlength=len(draft.table.couriers))
    copies = [
        (row, number * rules.second_order_seconds)
        for row, courier in enumerate(draft.table.couriers)
        for number in range(min(courier.room, rules.most_orders_at_once - int(given[row])))
    ]
    return [row for row, _ in copies], np.array([surcharge for _, surcharge in copies])


def _one_each(draft: Draft, pairs: list[Pair]) -> dict[int, int]:
    """By courier the cheapest of their orders."""
    cost = draft.table.cost()
    cheapest: dict[int, int] = {}
    for column, row in sorted(pairs, key=lambda pair: (cost[pair[1], pair[0]], pair)):
        cheapest.setdefault(row, column)
    return cheapest
