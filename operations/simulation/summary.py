"""What a run came to: orders by their end, time spent in each stage, stock, and whether all of it is as it must be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleRenderable, Group, RichCast
from rich.table import Table
from rich.text import Text

from operations.percentiles import percentile
from operations.simulation.contract import Order, TimelineEntry
from operations.simulation.hearing import Heard
from operations.simulation.pace import Pace
from operations.simulation.stocktaking import Stocktaking
from operations.simulation.traffic import Traffic

STAGES = (
    ("payment", "created", "paid"),
    ("confirmation", "paid", "confirmed"),
    ("kitchen", "confirmed", "ready"),
    ("finding a courier", "confirmed", "assigned"),
    ("way to the store, and waiting there", "assigned", "picked_up"),
    ("way to the door", "picked_up", "delivered"),
    ("placed to delivered", "created", "delivered"),
)
REPEATABLE = ("assigned", "picked_up", "delivered")
"""Of these the last one counts: an order may change hands."""


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Simulated minutes over `count` delivered orders."""

    stage: str
    count: int
    median: float
    ninetieth: float
    longest: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run. `problems` are the reasons for a non-zero exit."""

    orders: Sequence[Order]
    stages: Sequence[StageTimes]
    stock: Stocktaking | None
    traffic: Traffic
    elapsed_seconds: float
    speed: float
    problems: Sequence[str]
    webhooks: Heard | None = None

    def count(self, status: str) -> int:
        return sum(order.status == status for order in self.orders)


def stage_times(timelines: Iterable[Sequence[TimelineEntry]], *, pace: Pace) -> list[StageTimes]:
    """From timelines of delivered orders; stages an order did not go through (cash is not paid first) are left out."""
    spent: dict[str, list[float]] = {stage: [] for stage, _, _ in STAGES}
    for timeline in timelines:
        moments = _moments(timeline)
        for stage, start, end in STAGES:
            if start in moments and end in moments:
                seconds = (moments[end].at - moments[start].at).total_seconds()
                spent[stage].append(max(0.0, pace.minutes(seconds)))
    return [
        StageTimes(stage, len(minutes), percentile(minutes, 50), percentile(minutes, 90), max(minutes))
        for stage, minutes in spent.items()
        if minutes
    ]


def _moments(timeline: Sequence[TimelineEntry]) -> Mapping[str, TimelineEntry]:
    moments: dict[str, TimelineEntry] = {}
    for entry in timeline:
        if entry.what in REPEATABLE or entry.what not in moments:
            moments[entry.what] = entry
    return moments


def show(summary: Summary, console: Console) -> None:
    console.print(Group(_orders_table(summary), _stages_table(summary), *_notes(summary)))


def _orders_table(summary: Summary) -> Table:
    table = Table(title="Orders of this run", title_justify="left", title_style="bold")
    table.add_column("ended as")
    table.add_column("orders", justify="right")
    table.add_column("pieces given back to stock", justify="right")
    for status in sorted({order.status for order in summary.orders} | {"delivered", "cancelled"}, key=_rank):
        given_back = str(summary.stock.pieces_given_back) if summary.stock and status == "cancelled" else ""
        table.add_row(status.replace("_", " "), str(summary.count(status)), given_back)
    table.add_section()
    table.add_row("placed", str(len(summary.orders)), "")
    return table


def _rank(status: str) -> int:
    order = ("delivered", "cancelled", "failed", "picked_up", "assigned", "confirmed", "paid", "created")
    return order.index(status)


def _stages_table(summary: Summary) -> Table:
    unit = f"1 min here = {60 / summary.speed:.3g} s of yours"
    table = Table(title=f"Minutes per stage ({unit})", title_justify="left", title_style="bold")
    table.add_column("stage")
    for heading in ("orders", "p50", "p90", "max"):
        table.add_column(heading, justify="right")
    for times in summary.stages:
        figures = (f"{value:.1f}" for value in (times.median, times.ninetieth, times.longest))
        table.add_row(times.stage, str(times.count), *figures)
    return table


def _notes(summary: Summary) -> Iterable[ConsoleRenderable | RichCast]:
    traffic = summary.traffic
    rate = traffic.requests / summary.elapsed_seconds if summary.elapsed_seconds else 0.0
    yield Text(
        f"{traffic.requests} requests in {summary.elapsed_seconds:.0f} s ({rate:.1f}/s), slowest"
        f" {traffic.slowest_seconds:.2f} s; {traffic.retries} sent again, {traffic.outages} found no server"
    )
    if traffic.refusals:
        yield Text("refused: " + ", ".join(f"{code} × {n}" for code, n in traffic.refusals.most_common()))  # noqa: RUF001
    for fault, times in traffic.server_errors.items():
        yield Text(f"server error: {fault} × {times}", style="red")  # noqa: RUF001
    if summary.stock is not None and not summary.stock.discrepancies:
        yield Text(
            f"stock adds up; {summary.stock.orders_given_back} cancelled orders gave"
            f" {summary.stock.pieces_given_back} pieces back",
            style="green",
        )
    if summary.webhooks is not None:
        yield _webhooks(summary.webhooks)
    for problem in summary.problems:
        yield Text(f"BROKEN: {problem}", style="bold red")


def _webhooks(heard: Heard) -> Text:
    counts = heard.counts
    text = Text(f"webhooks: {heard.sent} events sent, {counts.verified - counts.duplicates} arrived and verified")
    text.append(f", {counts.duplicates} of them again" if counts.duplicates else ", each once")
    if heard.delays:
        half, most = percentile(heard.delays, 50), percentile(heard.delays, 99)
        text.append(f"; half within {half:.2f} s, 99 in 100 within {most:.2f} s")
    text.stylize("" if heard.problems else "green")
    return text
