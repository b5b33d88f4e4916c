"""How well each part is, as lights: green, amber, red, each with a word, so that nobody needs the colour."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from accounts.admin_base.display import Tone
from events.figures import LATE_SECONDS, DestinationFigures, Figures
from events.figures import Light as Flow
from operations.flow import Flow as EventFlow

NAMES: Final = {
    "database": "Database", "migrations": "Migrations", "disk": "Disk", "redis": "Redis", "workers": "Workers",
}  # fmt: skip

OVERALL: Final = {
    "ok": ("All well", Tone.GOOD),
    "degraded": ("Degraded", Tone.WARNING),
    "unavailable": ("Not available", Tone.BAD),
}


@dataclass(frozen=True, kw_only=True)
class Light:
    name: str
    word: str
    tone: Tone
    told: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Health:
    """`parts` is what the site stands on, `destinations` where its events go."""

    parts: Sequence[Light]
    destinations: Sequence[Light]
    word: str
    tone: Tone

    @property
    def not_well(self) -> Sequence[Light]:
        return [light for light in self.destinations if light.tone != Tone.GOOD]

    @property
    def number_well(self) -> int:
        return len(self.destinations) - len(self.not_well)


def health_of(report: Mapping[str, Any], flow: EventFlow) -> Health:
    """What readiness says comes first: a dead letter is somebody's work, and no reason to say that the site is ill."""
    parts = [*_checks(report), *_queues(flow), _sequencing(flow.events)]
    destinations = [_destination(row) for row in flow.events.destinations]
    word, tone = OVERALL[report["status"]]
    if tone == Tone.GOOD and any(light.tone == Tone.BAD for light in (*parts, *destinations)):
        word, tone = "Needs somebody", Tone.WARNING
    return Health(parts=parts, destinations=destinations, word=word, tone=tone)


def _checks(health: Mapping[str, Any]) -> Iterator[Light]:
    for name, check in health["checks"].items():
        is_well = check["status"] == "ok"
        failing = Tone.BAD if check["required"] else Tone.WARNING
        word = "Well" if is_well else check["status"].capitalize()
        yield Light(name=NAMES.get(name, name), word=word, tone=Tone.GOOD if is_well else failing)
    if not settings.REDIS_URL:
        yield Light(name=NAMES["redis"], word="Not used", tone=Tone.QUIET, told="one process, in memory")


def _queues(flow: EventFlow) -> Iterator[Light]:
    for queue in flow.queues:
        is_heard = queue.heard_seconds_ago is not None
        waiting = "" if queue.waiting is None else f"{queue.waiting:,} waiting"
        yield Light(
            name=f"Queue {queue.queue}",
            word="Well" if is_heard else "Silent",
            tone=Tone.GOOD if is_heard else Tone.BAD,
            told=", ".join(filter(None, (waiting, f"heard {queue.heard_seconds_ago:.0f} s ago" if is_heard else ""))),
            url=reverse("event_flow"),
        )


def _sequencing(events: Figures) -> Light:
    is_late = events.oldest_unsequenced_seconds > LATE_SECONDS
    return Light(
        name="Sequencing of events",
        word="Late" if is_late else "Well",
        tone=Tone.WARNING if is_late else Tone.GOOD,
        told=f"{events.unsequenced:,} waiting",
        url=reverse("event_flow"),
    )


def _destination(row: DestinationFigures) -> Light:
    word, tone = {
        Flow.GOOD: ("Well", Tone.GOOD),
        Flow.LATE: ("Late", Tone.WARNING),
        Flow.DEAD: (f"{row.dead:,} dead", Tone.BAD),
        Flow.OFF: ("Off", Tone.QUIET),
    }[row.light]
    waiting = f"{row.pending:,} waiting, the oldest for {row.oldest_pending_seconds:.0f} s"
    is_outside = row.endpoint_id is not None
    return Light(
        name=f"Webhooks to {row.name.partition('://')[2].partition('/')[0]}" if is_outside else row.destination,
        word=word,
        tone=tone,
        told=waiting if row.pending else "up to date",
        url=reverse("event_flow"),
    )
