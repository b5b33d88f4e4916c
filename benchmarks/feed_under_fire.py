"""Readers of the event feed that are killed at random, while others write: in the end they have what the outbox has.

    python -m benchmarks.feed_under_fire                  # a minute
    python -m benchmarks.feed_under_fire --seconds 300 --seed 7

A whole site (web, worker, beat, PostgreSQL, Redis), six writers, and three readers, each a process that gets SIGKILL
again and again: an administrator's and an integrator's, who keep events and place in one transaction, and one who keeps
the place only now and then and therefore sees events twice, under the same id. Exits 1 when one of them misses an
event, has one that it may not see, or has them out of order. Needs what the tests need, and starts its own servers.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.feed.reader import APART, TOGETHER
from benchmarks.feed.reckoning import Reckoning, is_sequenced, last_sequence, outbox, place_of, reckon
from benchmarks.feed.writers import at_work
from delivery_site.testing.installation import GUNICORN, Installation, in_several_processes, working_folder
from delivery_site.testing.parts import Program
from delivery_site.testing.waiting import until

ADMIN: Final = "admin@example.com"
INTEGRATOR: Final = "integrator@example.com"
LONGEST_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Reader:
    email: str
    way: str
    notebook: Path
    program: Program

    @property
    def name(self) -> str:
        return self.program.name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of writing and killing (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of writers and killer (random)")
    options = parser.parse_args()
    console, dice = Console(), random.Random(options.seed)
    with in_several_processes(GUNICORN) as site, working_folder() as folder:
        console.print(f"site at {site.url}, seed {options.seed}")
        readers = [
            reader_of(site, folder, email=email, way=way)
            for email, way in ((ADMIN, TOGETHER), (ADMIN, APART), (INTEGRATOR, TOGETHER))
        ]
        try:
            kills, answers = fire(site, readers, dice=dice, seconds=options.seconds)
            catch_up(site, readers)
        finally:
            for reader in readers:
                reader.program.end()
        results = {reader.name: result_of(site, reader) for reader in readers}
    show(console, results, kills=kills, answers=answers)
    return 0 if all(result.is_right for result in results.values()) else 1


def reader_of(site: Installation, folder: Path, *, email: str, way: str) -> Reader:
    name = f"{email.partition('@')[0]}-{way}"
    notebook = folder / f"{name}.sqlite3"
    command = ["benchmarks.feed.reader", site.url, email, str(notebook), way]
    return Reader(email, way, notebook, Program(name, command, site.environment, folder))


def fire(
    site: Installation, readers: list[Reader], *, dice: random.Random, seconds: float
) -> tuple[Counter[str], Counter[str]]:
    """Returns how often each reader was killed, and what the writers were answered."""
    kills: Counter[str] = Counter()
    ends_at, clock = time.monotonic() + seconds, threading.Event()
    with at_work(site.url, dice=dice) as answers:
        while time.monotonic() < ends_at:
            for reader in readers:
                reader.program.start()
            clock.wait(dice.uniform(0.3, LONGEST_PAUSE_SECONDS))
            victim = dice.choice(readers)
            victim.program.kill(dice)
            kills[victim.name] += 1
    return kills, answers


def catch_up(site: Installation, readers: list[Reader]) -> None:
    """In peace, until everything that was written has its sequence, and every reader has come so far."""
    database_url = site.environment["DATABASE_URL"]
    for reader in readers:
        reader.program.start()
    until(lambda: is_sequenced(database_url))
    last = last_sequence(database_url)
    until(lambda: all(place_of(reader.notebook) >= last for reader in readers))


def result_of(site: Installation, reader: Reader) -> Reckoning:
    expected = outbox(
        site.environment["DATABASE_URL"],
        email=reader.email,
        sees_everything=reader.email != INTEGRATOR,
        up_to=place_of(reader.notebook),
    )
    return reckon(reader.notebook, expected=expected)


def show(console: Console, results: dict[str, Reckoning], *, kills: Counter[str], answers: Counter[str]) -> None:
    console.print("answered: " + ", ".join(f"{number} {what}" for what, number in sorted(answers.items())))
    table = Table("reader", "killed", "may see", "has", "missing", "foreign", "seen twice", "in order")
    for name, result in results.items():
        numbers = (kills[name], result.expected, result.has, result.missing, result.foreign, result.twice)
        table.add_row(name, *map(str, numbers), "yes" if result.in_order else "NO")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
