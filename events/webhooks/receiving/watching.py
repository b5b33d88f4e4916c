"""A receiver in front of somebody's eyes: everything that arrives is shown as it does."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

from rich.console import Console
from rich.live import Live

from events.webhooks.receiving.display import as_json, counts_line, line, summary, summary_as_json
from events.webhooks.receiving.inbox import Arrival, Counts, Inbox

LOOK_SECONDS: Final = 0.25
"""Between two looks at an empty queue: a thread that waits for good cannot be interrupted on Windows."""


class View(Protocol):
    def show(self, arrival: Arrival) -> None: ...

    def so_far(self, counts: Counts) -> None: ...

    def sum_up(self, counts: Counts) -> None: ...


class JsonView:
    """One JSON object a line, the last one with the counts."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def show(self, arrival: Arrival) -> None:
        self._write(as_json(arrival))

    def so_far(self, counts: Counts) -> None:
        """Whoever reads the lines can count."""

    def sum_up(self, counts: Counts) -> None:
        self._write(summary_as_json(counts))


class LinesView:
    """Lines for people; on a terminal the counts so far stay below them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._below = Live(console=console, auto_refresh=False, transient=True)

    def show(self, arrival: Arrival) -> None:
        self._console.print(line(arrival), soft_wrap=True)

    def so_far(self, counts: Counts) -> None:
        if self._console.is_terminal:
            self._below.start()
            self._below.update(counts_line(counts), refresh=True)

    def sum_up(self, counts: Counts) -> None:
        self._below.stop()
        self._console.print(summary(counts))


def watch(inbox: Inbox, arrivals: "queue.SimpleQueue[Arrival]", *, view: View, stopped: threading.Event) -> None:
    """Until stopped; whatever has arrived by then is still shown, and the counts."""
    while not stopped.is_set():
        view.so_far(inbox.counts)
        with contextlib.suppress(queue.Empty):
            view.show(arrivals.get(timeout=LOOK_SECONDS))
    while not arrivals.empty():
        view.show(arrivals.get())
    view.sum_up(inbox.counts)
