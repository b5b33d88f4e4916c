"""The simulated city against a site whose processes are killed with SIGKILL all the time.

    python -m benchmarks.kill9 --minutes 10
    python -m benchmarks.kill9 --minutes 10 --web uvicorn
    python -m benchmarks.kill9 --minutes 10 --web serve     # everything in one process, on SQLite

Web, worker, beat, Redis and PostgreSQL take turns, in a random order that `--seed` repeats. Exits 1 when anything was
lost, done twice or left undone. Needs what the tests need, and starts its own servers.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from delivery_site.testing.driving import Outcome, Witness, drive
from delivery_site.testing.installation import GUNICORN, UVICORN, in_one_process, in_several_processes
from delivery_site.testing.killing import Kill, Killer
from delivery_site.testing.reckoning import faults

ONE_PROCESS: Final = "serve"
WISHES_PER_ROUND: Final = 12


def main() -> int:
    options = parsed()
    console = Console()
    started = time.monotonic()
    installation = in_one_process() if options.web == ONE_PROCESS else in_several_processes(options.web)
    with installation as site:
        console.print(
            f"{options.web} at {site.url}, seed {options.seed}; ready after {time.monotonic() - started:.0f} s"
        )
        witness, dice = Witness(), random.Random(options.seed)
        killer = Killer(site.parts, lambda: witness.steps, dice, tell=lambda kill: console.print(line(kill)))
        outcomes = rounds(site.url, killer, witness, options=options)
        wrong = faults(site, outcomes=outcomes, witness=witness, killer=killer)
        if wrong:
            console.print(site.last_words(), markup=False)
    show(console, killer.kills, outcomes, wrong)
    return 1 if wrong else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to kill (%(default)s)")
    parser.add_argument("--web", choices=[GUNICORN, UVICORN, ONE_PROCESS], default=GUNICORN, help="(%(default)s)")
    parser.add_argument("--speed", type=float, default=240.0, help="of the simulated city (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the killer (random)")
    return parser.parse_args()


def rounds(url: str, killer: Killer, witness: Witness, *, options: argparse.Namespace) -> list[Outcome]:
    """One after the other until the time is over; then one in peace, to see that the flow goes on."""
    outcomes: list[Outcome] = []
    ends_at = time.monotonic() + options.minutes * 60
    with killer.at_large():
        while time.monotonic() < ends_at:
            outcomes.append(a_round(url, witness, options=options, number=len(outcomes)))
    return [*outcomes, a_round(url, witness, options=options, number=len(outcomes))]


def a_round(url: str, witness: Witness, *, options: argparse.Namespace, number: int) -> Outcome:
    dice = random.Random(f"{options.seed} {number}")
    return drive(url, wishes=WISHES_PER_ROUND, speed=options.speed, witness=witness, dice=dice)


def line(kill: Kill) -> str:
    return (
        f"{kill.after_seconds:6.1f} s  {kill.victim}: {kill.what}; after {kill.steps_before} steps,"
        f" the next {kill.next_step_after_seconds:.1f} s later"
    )


def show(console: Console, kills: Sequence[Kill], outcomes: Sequence[Outcome], wrong: Sequence[str]) -> None:
    console.print(table_of(kills))
    ends = Counter(outcomes[-1].statuses.values())
    retries = sum(outcome.summary.traffic.retries for outcome in outcomes)
    slowest = max(outcome.summary.traffic.slowest_seconds for outcome in outcomes)
    console.print(f"orders: {', '.join(f'{count} {status}' for status, count in ends.most_common())}")
    console.print(f"requests sent again: {retries}; slowest answer {slowest:.1f} s")
    for fault in wrong:
        console.print(f"BROKEN: {fault}", style="bold red", markup=False)
    if not wrong:
        console.print("Nothing lost, nothing twice, nothing left undone; the audit is clean.", style="green")


def table_of(kills: Sequence[Kill]) -> Table:
    table = Table(title="SIGKILL", title_justify="left")
    table.add_column("to")
    for heading in ("times", "next step after, median", "longest"):
        table.add_column(heading, justify="right")
    for victim in sorted({(kill.victim, kill.what) for kill in kills}):
        pauses = [kill.next_step_after_seconds for kill in kills if (kill.victim, kill.what) == victim]
        table.add_row(": ".join(victim), str(len(pauses)), f"{median(pauses):.1f} s", f"{max(pauses):.1f} s")
    return table


if __name__ == "__main__":
    sys.exit(main())
