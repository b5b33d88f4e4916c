"""The event flow as a page, a command and programs see it: destinations from the tables, queues from the broker."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from api.listening import QueueFigures, queue_figures
from events.figures import DestinationFigures, Figures, Light, event_figures


@dataclass(frozen=True)
class Flow:
    events: Figures
    queues: Sequence[QueueFigures]

    def as_json(self) -> dict[str, Any]:
        events = asdict(self.events)
        destinations = [{**asdict(row), "light": row.light} for row in self.events.destinations]
        return {**events, "destinations": destinations, "queues": [asdict(row) for row in self.queues]}


def event_flow() -> Flow:
    return Flow(event_figures(), queue_figures())


def plain_lines(flow: Flow) -> Iterator[str]:
    """One line for each destination and each queue."""
    events = flow.events
    yield f"sequence {events.last_sequence:,}, {events.unsequenced:,} events without one" + (
        f", the oldest for {events.oldest_unsequenced_seconds:.0f} s" if events.unsequenced else ""
    )
    width = max((len(row.name) for row in events.destinations), default=0)
    for row in events.destinations:
        yield f"{row.light:<5} {row.name:<{width}}  {_told(row)}"
    if not settings.REDIS_URL:
        yield "queues: in the memory of the one process, which shows them on its Admin site"
        return
    for queue in flow.queues:
        yield f"queue {queue.queue:<14} {_told_of(queue)}"


def _told(row: DestinationFigures) -> str:
    waiting = f"{row.pending:,} pending ({row.due:,} due, {row.retried:,} retried)"
    oldest = f", the oldest for {row.oldest_pending_seconds:.0f} s" if row.pending else ""
    off = ", not listening" if row.light == Light.OFF else ""
    return (
        f"{waiting}{oldest}, {row.dead:,} dead; last 5 min: {row.recent_delivered:,} of {row.recent:,} delivered,"
        f" {row.recent_attempts:,} attempts, slowest {row.recent_slowest_seconds:.1f} s{off}"
    )


def _told_of(queue: QueueFigures) -> str:
    waiting = "not known" if queue.waiting is None else f"{queue.waiting:,} waiting"
    heard = "no worker heard" if queue.heard_seconds_ago is None else f"a worker {queue.heard_seconds_ago:.0f} s ago"
    return f"{waiting}, {heard}"
