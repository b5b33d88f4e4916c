"""Redis is away for a while in the middle of it all: orders are taken, and what follows from them happens later."""

import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from delivery_site.testing.driving import Outcome, Witness, drive
from delivery_site.testing.installation import Installation
from delivery_site.testing.killing import Killer
from delivery_site.testing.reckoning import faults
from delivery_site.testing.waiting import until

ORDERS_BEFORE: Final = 3
WISHES_PER_ROUND: Final = 12


@dataclass(frozen=True, kw_only=True)
class Account:
    """Of one outage. `left_waiting` are the events and deliveries that waited when it ended, `left_undone` at last."""

    placed_before: int
    placed_meanwhile: int
    placed_after: int
    left_waiting: int
    in_order_after_seconds: float
    events: int
    left_undone: int
    slowest_answer_seconds: float
    faults: Sequence[str]


def go_without(site: Installation, *, seconds: float, speed: float, dice: random.Random) -> Account:
    """People live in the city all the time, while Redis is stopped for so long. Waits until all is done."""
    witness, outcomes = Witness(), list[Outcome]()
    broker = next(part for part in site.services if part.name == "redis")
    over = threading.Event()

    def live() -> None:
        while not over.is_set() or not outcomes:
            outcomes.append(drive(site.url, wishes=WISHES_PER_ROUND, speed=speed, witness=witness, dice=dice))

    def placed() -> int:
        return len(witness.placed_orders())

    with ThreadPoolExecutor(1) as pool:
        city = pool.submit(live)
        until(lambda: placed() >= ORDERS_BEFORE or city.done())
        before = placed()
        broker.end()
        over.wait(seconds)
        meanwhile, flow = placed() - before, flow_of(site)
        broker.start()
        back_at = time.monotonic()
        published = flow["last_sequence"] + flow["unsequenced"]
        until(lambda: flow_of(site)["last_sequence"] >= published)
        in_order_after = time.monotonic() - back_at
        over.set()
        city.result()
    nobody = Killer(site.parts, lambda: witness.steps, dice)
    nobody.look_after_everybody()
    wrong = faults(site, outcomes=outcomes, witness=witness, killer=nobody)
    end = flow_of(site)
    return Account(
        placed_before=before,
        placed_meanwhile=meanwhile,
        placed_after=placed() - before - meanwhile,
        left_waiting=waiting_in(flow),
        in_order_after_seconds=in_order_after,
        events=end["last_sequence"],
        left_undone=waiting_in(end),
        slowest_answer_seconds=max(outcome.summary.traffic.slowest_seconds for outcome in outcomes),
        faults=wrong,
    )


def flow_of(site: Installation) -> Any:
    told = site.manage("event_flow", "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def waiting_in(flow: Any) -> int:
    return int(flow["unsequenced"] + sum(row["pending"] for row in flow["destinations"]))
