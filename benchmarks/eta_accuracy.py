"""Recorded days, replayed, with the time of arrival asked for again and again: how far it was off.

    python -m benchmarks.eta_accuracy                                         # the hand-made city
    python -m benchmarks.eta_accuracy path/to/day [another …]                 # days in the format of the MDRP instances

Couriers are given orders and ride as in `benchmarks.matching_day`. Every half minute `tracking.eta` is asked about
every order, and told what the platform would know: the store's usual preparation (the median of its other orders of the
day), whether the food is ready, and where the courier is. What counts is how far the first answer in each state was off
the moment at which the order was handed over. Beside it stands what a shop tells that promises 45 minutes. `in window`
is the share that came within the window that customers are shown.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import django
from rich.console import Console
from rich.table import Table

from benchmarks.matching_day import HAND_MADE, WIDTH
from operations.percentiles import percentile
from operations.simulation.city import read_city

if TYPE_CHECKING:
    from benchmarks.arrivals import Error


def main() -> None:
    options = parsed()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")
    django.setup()
    show(options)


def show(options: argparse.Namespace) -> None:
    from benchmarks.arrivals import MOMENTS, PROMISE, Error, errors, watched  # after Django, whose models it reads

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = Table("day", "asked when", min_width=WIDTH, title="minutes between the time told and the handing over")
    for heading in ("orders", "median", "p90", "later by", "in window"):
        table.add_column(heading, justify="right")
    pooled: defaultdict[str, list[Error]] = defaultdict(list)
    for folder in options.folders or [HAND_MADE]:
        city = read_city(folder)
        for moment, found in errors(watched(city, handover_reckoned_seconds=options.handover)).items():
            pooled[moment].extend(found)
            if options.each:
                table.add_row(city.name, moment, *_cells(found))
    for moment in (*MOMENTS, PROMISE):
        table.add_row(f"all {len(options.folders) or 1}", moment, *_cells(pooled[moment]))
    console.print(table)


def _cells(found: "Sequence[Error]") -> Sequence[str]:
    off = [abs(error.late) / 60 for error in found]
    share = sum(error.is_in_window for error in found) / len(found)
    return (
        f"{len(found):,}", f"{percentile(off, 50):.1f}", f"{percentile(off, 90):.1f}",
        f"{median(error.late / 60 for error in found):+.1f}", f"{share:.0%}" if share else "",
    )  # fmt: skip


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="recorded days (the hand-made city)")
    parser.add_argument(
        "--handover", type=float, default=240.0, help="seconds reckoned with at counter and door (%(default)g)"
    )
    parser.add_argument("--each", action="store_true", help="a line for each day too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
