"""The live view: where to look, the orders moving through their states, what has just happened, how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from operations.simulation.contract import Order
from operations.simulation.world import Happening, World

COLUMNS = (
    ("created", "placed", "white"),
    ("paid", "paid", "cyan"),
    ("confirmed", "cooking", "yellow"),
    ("assigned", "courier", "magenta"),
    ("picked_up", "riding", "blue"),
    ("delivered", "delivered", "green"),
    ("cancelled", "cancelled", "red"),
)
STYLES = {status: style for status, _, style in COLUMNS} | {"failed": "bold red", "refused": "bright_black"}
SHORTEST_BOARD = 3
ROOMY = 100
BORDERS = 7
"""Lines that the boxes and the footer take."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a visitor needs to look around in a browser."""

    site_url: str
    password: str
    title: str

    def lines(self, *, followed: Order | None, compact: bool) -> Panel:
        """`followed` is an order whose customer's page is worth a look just now."""
        places = Table.grid(padding=(0, 2))
        addresses = self._addresses()
        if compact:
            for address in addresses[:3]:
                places.add_row(*address)
        else:
            for left, right in zip(addresses[::2], addresses[1::2], strict=True):
                places.add_row(*left, *right)
        track = [Text(f"Track {followed.short_number}  {followed.tracking_url}")] if followed else []
        others = "" if compact else " dispatcher@ integrator@"
        people = Text.assemble(
            (f"admin@{others} store@ courier1@ customer@", "bold"), "example.com, password ", (self.password, "bold")
        )
        return Panel(Group(places, *track, people), title=self.title, title_align="left", border_style="bright_black")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.lines(followed=None, compact=options.max_width < ROOMY)

    def _addresses(self) -> Sequence[tuple[str, str]]:
        return (
            ("Dispatch", f"{self.site_url}/admin/dispatch/"),
            ("Dashboard", f"{self.site_url}/admin/system/"),
            ("API docs", f"{self.site_url}/api/v2/docs"),
            ("Browsable API", f"{self.site_url}/api/v2/orders"),
            ("Admin", f"{self.site_url}/admin/"),
            ("Error codes", f"{self.site_url}/errors/"),
        )


class Board:
    """Drawn anew at every refresh, in as many columns and rows as the terminal has."""

    def __init__(self, world: World, *, header: Header, target: int | None) -> None:
        self._world = world
        self._header = header
        self._target = target

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        compact = options.max_width < ROOMY
        header = self._header.lines(followed=self._world.followed(), compact=compact)
        header_height = len(console.render_lines(header, options.update(height=None), pad=False))
        room = (options.height or console.size.height) - header_height - BORDERS - compact
        rows = max(SHORTEST_BOARD, room // 2)
        yield header
        yield self._columns(rows, compact=compact)
        yield _events(self._world.happenings, rows=max(SHORTEST_BOARD, room - rows))
        yield self._footer(compact=compact)

    def _columns(self, rows: int, *, compact: bool) -> Table:
        counts = self._world.counts()
        table = Table(expand=True, box=box.ROUNDED, border_style="bright_black", padding=(0, 0 if compact else 1))
        for status, title, style in COLUMNS:
            gap = "\n" if compact else " "
            heading = Text.assemble((title, style), gap, (str(counts[status]), f"bold {style}"))
            table.add_column(heading, ratio=1, no_wrap=True, overflow="crop")
        latest = [self._latest(status, rows, compact=compact) for status, _, _ in COLUMNS]
        for row in range(rows):
            table.add_row(*(orders[row] if row < len(orders) else "" for orders in latest))
        return table

    def _latest(self, status: str, rows: int, *, compact: bool) -> list[Text]:
        """The newest first; a failed order waits among those riding, in its own colour."""
        shown = {"picked_up": ("picked_up", "failed")}.get(status, (status,))
        orders = [order for order in reversed(self._world.recent()) if order.status in shown][:rows]
        return [self._card(order, compact=compact) for order in orders]

    def _card(self, order: Order, *, compact: bool) -> Text:
        card = Text(order.short_number, style=STYLES[order.status])
        if not compact:
            courier = self._world.couriers.get(order.courier_id or "")
            card.append(f" {courier.name.split()[0] if courier else order.total}", style="bright_black")
        return card

    def _footer(self, *, compact: bool) -> Table:
        world, traffic = self._world, self._world.traffic
        online = sum(courier.online for courier in world.couriers.values())
        riding = sum(courier.riding for courier in world.couriers.values())
        errors = sum(traffic.server_errors.values())
        line = Text.assemble(
            (world.phase, "bold"),
            f" · {clock(world.pace.minute)} · couriers {riding}/{online} · {self._rate():.1f} delivered/min",
            "" if compact else f" · {traffic.requests} requests",
            self._webhooks(compact=compact),
            (f" · {errors} errors", "bold red") if errors else "",
            (f" · {traffic.outages} outages", "red") if traffic.outages else "",
            no_wrap=True,
            overflow="ellipsis",
        )
        footer = Table.grid(expand=True, padding=(0, 1))
        footer.add_column(ratio=3)
        footer.add_column(ratio=1)
        footer.add_row(line, self._progress())
        return footer

    def _webhooks(self, *, compact: bool) -> tuple[str, str]:
        """Verified ones; in red from the first that is not as it must be."""
        if self._world.webhooks is None:
            return "", ""
        counts = self._world.webhooks.counts
        wrong = counts.refused + counts.out_of_order
        text = f" · {counts.verified} webhooks" + (f", {wrong} wrong" if wrong else "")
        return ("" if compact and not wrong else text), ("bold red" if wrong else "")

    def _rate(self) -> float:
        """Deliveries per minute of the audience's time."""
        return self._world.counts()["delivered"] / max(1.0, self._world.pace.elapsed_seconds / 60)

    def _progress(self) -> ProgressBar | Text:
        if self._target is None:
            return Text("Ctrl-C stops", style="bright_black", justify="right")
        return ProgressBar(total=self._target, completed=min(self._target, self._world.wishes_fulfilled))


def _events(happenings: Sequence[Happening], *, rows: int) -> Panel:
    lines = [line(happening) for happening in list(happenings)[-rows:]]
    blank = [Text()] * (rows - len(lines))
    return Panel(Group(*lines, *blank), border_style="bright_black", title="what happens", title_align="left")


def line(happening: Happening) -> Text:
    """`10:42:07 #K7QX delivered by Ana, 4.2 min`, cut to the screen's width."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{happening.at:%H:%M:%S} ", style="bright_black")
    text.append(happening.text, style=STYLES.get(happening.status, ""))
    return text


def clock(minute: float) -> str:
    """The simulated time of day."""
    whole = int(minute)
    return f"{whole // 60 % 24:02}:{whole % 60:02}"
