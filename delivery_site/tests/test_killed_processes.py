"""A kill -9 of any process at any moment, then its restart: nothing is lost, nothing happens twice, the flow goes on.

`benchmarks/kill9.py` is the same for as long as one likes.
"""

import random
import sys
from collections import Counter
from contextlib import AbstractContextManager

import pytest

from delivery_site.testing.driving import Outcome, Witness, drive
from delivery_site.testing.installation import GUNICORN, Installation, in_one_process, in_several_processes
from delivery_site.testing.killing import Killer
from delivery_site.testing.reckoning import faults

SPEED = 300.0
WISHES_IN_PEACE = 2

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no SIGKILL and no Valkey on Windows")


@pytest.mark.parametrize(
    ("installation", "kills", "wishes"),
    [(in_several_processes(GUNICORN), 10, 12), (in_one_process(), 2, 6)],
    ids=["several processes", "one process"],
)
def test_flow_goes_on_whoever_is_killed(
    installation: AbstractContextManager[Installation], kills: int, wishes: int
) -> None:
    with installation as site:
        witness = Witness()
        killer = Killer(site.parts, lambda: witness.steps, random.Random(9))

        def a_round(wishes: int) -> Outcome:
            return drive(site.url, wishes=wishes, speed=SPEED, witness=witness, dice=random.Random(witness.steps))

        outcomes: list[Outcome] = []
        with killer.at_large(kills=kills) as rage:
            while not rage.done():
                outcomes.append(a_round(wishes))
        outcomes.append(a_round(WISHES_IN_PEACE))

        assert faults(site, outcomes=outcomes, witness=witness, killer=killer) == [], site.last_words()
        times = Counter(kill.victim for kill in killer.kills)
        assert times == {part.name: kills // len(site.parts) for part in site.parts}
        delivered = Counter(outcomes[-1].statuses.values())["delivered"]
        assert delivered == sum(outcome.summary.count("delivered") for outcome in outcomes)
        assert delivered >= wishes + WISHES_IN_PEACE
