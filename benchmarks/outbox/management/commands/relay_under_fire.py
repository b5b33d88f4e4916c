"""Started by `python -m benchmarks.relay_under_fire`, which says what it shows."""

import random
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from benchmarks.outbox.lives import LIFE, live
from benchmarks.outbox.processes import Crew, at_work, relay_for_ever, started
from benchmarks.outbox.receiver import receiver, remember, subscribe
from benchmarks.outbox.reckoning import Account, accounts, is_settled
from delivery_site.testing.waiting import until

WRITERS: Final = 2
PATIENCE_SECONDS: Final = 3600.0


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, required=True)
        parser.add_argument("--relays", type=int, required=True)
        parser.add_argument("--every", type=float, required=True)
        parser.add_argument("--seed", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        console, dice, began = Console(), random.Random(options["seed"]), time.monotonic()
        console.print(f"{options['orders']} orders of {len(LIFE)} events, {options['relays']} relays")
        with receiver(remember) as url:
            subscribe(url)
            crew = self.under_fire(options, dice)
        results = list(accounts())
        console.print(table_of(results))
        console.print(f"{crew.kills} relays killed in {time.monotonic() - began:.0f} s, seed {options['seed']}")
        if not all(account.is_right for account in results):
            raise CommandError("BROKEN")

    def under_fire(self, options: dict[str, Any], dice: random.Random) -> Crew:
        writers = [started(live, options["orders"] // WRITERS) for _ in range(WRITERS)]
        with at_work(relay_for_ever, processes=options["relays"]) as crew:
            fire(crew, dice, every_seconds=options["every"])
            for writer in writers:
                writer.join()
        return crew


def fire(crew: Crew, dice: random.Random, *, every_seconds: float) -> None:
    """Until everything is delivered."""
    next_kill = time.monotonic() + every_seconds

    def settled() -> bool:
        nonlocal next_kill
        if time.monotonic() < next_kill:
            return False
        next_kill = time.monotonic() + every_seconds
        crew.kill_one(dice)
        return is_settled()

    until(settled, within_seconds=PATIENCE_SECONDS)


def table_of(results: list[Account]) -> Table:
    table = Table("destination")
    for heading in ("events", "heard", "missing", "twice", "out of order", "taken over"):
        table.add_column(heading, justify="right")
    for one in results:
        figures = (one.events, one.heard, one.missing, one.twice, one.out_of_order, one.retaken)
        table.add_row(one.destination, *(f"{figure:,}" for figure in figures))
    return table
