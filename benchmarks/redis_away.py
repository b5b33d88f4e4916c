"""The simulated city against a site whose Redis is stopped for a while: orders are still taken, all the rest follows.

    python -m benchmarks.redis_away --seconds 20

Exits 1 when no order was taken meanwhile, or anything was lost, done twice or left undone. Starts its own servers.
"""

import argparse
import random
import sys

from rich.console import Console

from delivery_site.testing.installation import GUNICORN, in_several_processes
from delivery_site.testing.redis_away import Account, go_without


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long Redis is stopped (%(default)s)")
    parser.add_argument("--speed", type=float, default=120.0, help="of the simulated city (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the city (random)")
    options = parser.parse_args()
    console = Console(highlight=False)
    with in_several_processes(GUNICORN) as site:
        console.print(f"{site.url}, seed {options.seed}")
        account = go_without(site, seconds=options.seconds, speed=options.speed, dice=random.Random(options.seed))
        if account.faults:
            console.print(site.last_words(), markup=False)
    show(console, account, seconds=options.seconds)
    return 0 if account.placed_meanwhile and not account.faults else 1


def show(console: Console, account: Account, *, seconds: float) -> None:
    console.print(
        f"orders taken: {account.placed_before} before, {account.placed_meanwhile} in the {seconds:.0f} s without"
        f" Redis, {account.placed_after} after; slowest answer {account.slowest_answer_seconds:.1f} s"
    )
    console.print(
        f"events and deliveries that waited when Redis came back: {account.left_waiting}, the events in order"
        f" {account.in_order_after_seconds:.1f} s later; at the end {account.events} events,"
        f" {account.left_undone} waiting"
    )
    for fault in account.faults:
        console.print(f"BROKEN: {fault}", style="bold red", markup=False)
    if not account.faults:
        console.print("Nothing lost, nothing twice, nothing left undone; the audit is clean.", style="green")


if __name__ == "__main__":
    sys.exit(main())
