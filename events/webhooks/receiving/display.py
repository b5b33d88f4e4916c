"""What a receiver shows: a line for each arrival, the counts so far, the counts at the end."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from events.webhooks.receiving.inbox import Arrival, Counts, Verdict

STYLES: Final = {
    Verdict.NEW: "green",
    Verdict.DUPLICATE: "cyan",
    Verdict.OUT_OF_ORDER: "bold yellow",
    Verdict.REFUSED: "bold red",
    Verdict.TURNED_AWAY: "magenta",
}
ROWS: Final = (
    ("received", "received", "requests of all kinds"),
    ("verified", "verified", "rightly signed, of our time, an event"),
    ("duplicates", "· duplicates", "an id that had come before: answered 2xx, not taken again"),
    ("out_of_order", "· out of order", "older than what was known of its subject: answered 2xx, not applied"),
    ("refused", "refused", "not to be believed, or not to be read: answered 4xx"),
    ("turned_away", "turned away", "answered 503 on purpose (--fail-first)"),
)


def line(arrival: Arrival) -> Text:
    """`10:42:07 new           order.paid             order 0199… version 2  sequence 41  id 0199…`."""
    text = Text(f"{datetime.fromtimestamp(arrival.at).astimezone():%H:%M:%S} ", style="bright_black")
    text.append(f"{arrival.verdict:<13} ", style=STYLES[arrival.verdict])
    if arrival.message is None:
        return text.append(f"{arrival.status} {arrival.code}: {arrival.detail}", style="default")
    message = arrival.message
    text.append(f"{_printable(message.type):<25} ", style="bold default")
    subject = f"{message.subject_type} {message.subject_id} version {message.version}"
    return text.append(f"{_printable(subject)}  sequence {message.sequence}  id {arrival.message_id}", style="default")


def counts_line(counts: Counts) -> Text:
    parts = [f"{number} {name.replace('_', ' ')}" for name, number in asdict(counts).items()]
    return Text(" · ".join(parts), style="bold" if not counts.refused else "bold red")


def summary(counts: Counts) -> Table:
    table = Table(title="What arrived", title_justify="left", title_style="bold")
    table.add_column("")
    table.add_column("requests", justify="right")
    table.add_column("", style="bright_black")
    numbers = asdict(counts)
    for name, title, meaning in ROWS:
        table.add_row(title, str(numbers[name]), meaning)
    return table


def as_json(arrival: Arrival) -> str:
    """One line."""
    return json.dumps({"arrival": asdict(arrival)})


def summary_as_json(counts: Counts) -> str:
    return json.dumps({"summary": asdict(counts)})


def _printable(text: str) -> str:
    """A terminal obeys some characters."""
    return "".join(character if character.isprintable() else "�" for character in text)
