"""Started by `python -m benchmarks.relay_throughput`, which says what it shows."""

from argparse import ArgumentParser
from collections import defaultdict
from itertools import product
from statistics import median
from typing import Any, Final

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from benchmarks.outbox.contests import Contest, compared_in_process, compared_over_http, in_process, over_http
from benchmarks.outbox.receiver import count, receiver
from benchmarks.outbox.witnesses import IN_BATCHES, ONE_BY_ONE

CREWS: Final = (1, 4)
Rates = defaultdict[tuple[Contest, int], list[float]]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", type=int, required=True)
        parser.add_argument("--rounds", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        console, rates = Console(), Rates(list)
        with receiver(count) as url:
            contests = [
                in_process(IN_BATCHES), in_process(ONE_BY_ONE), compared_in_process(),
                over_http(url), compared_over_http(url),
            ]  # fmt: skip
            for _, processes, contest in product(range(options["rounds"]), CREWS, contests):
                rate = contest.events_per_second(events=options["events"], processes=processes)
                console.print(f"{contest.contender} to {contest.destination}, {processes} processes: {rate:,.0f}/s")
                rates[contest, processes].append(rate)
        console.print(table_of(rates))


def table_of(rates: Rates) -> Table:
    table = Table("outbox", "to", title="events a second, median of the rounds", title_justify="left")
    for processes in CREWS:
        table.add_column(f"{processes} processes", justify="right")
    for contest in dict.fromkeys(contest for contest, _ in rates):
        medians = (median(rates[contest, processes]) for processes in CREWS)
        table.add_row(contest.contender, contest.destination, *(f"{rate:,.0f}" for rate in medians))
    return table
