"""How the events flow: what waits for each destination and for how long, what is given up, what has arrived of late.

Ready to be exported as metrics. Whatever the size of the tables, it costs what waits, what is dead and what was made in
the last minutes, by partial indexes and the time-ordered key (docs/running.md has the figures).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Q, Sum
from django.utils import timezone

from events.handlers import all_destinations
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter, WebhookEndpoint

RECENT: Final = timedelta(minutes=5)
LATE_SECONDS: Final = 60.0

Row = Mapping[str, Any]


class Light(StrEnum):
    OFF = "off"
    GOOD = "good"
    LATE = "late"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class DestinationFigures:
    """`due` are those of the pending whose time has come, `retried` those that have failed before. The last four are of
    the deliveries made in the last five minutes; attempts under way count."""

    destination: str
    name: str
    endpoint_id: UUID | None = None
    is_listening: bool = True
    pending: int = 0
    due: int = 0
    retried: int = 0
    oldest_pending_seconds: float = 0.0
    dead: int = 0
    recent: int = 0
    recent_delivered: int = 0
    recent_attempts: int = 0
    recent_slowest_seconds: float = 0.0

    @property
    def light(self) -> Light:
        if self.dead:
            return Light.DEAD
        if not self.is_listening:
            return Light.OFF
        return Light.LATE if self.oldest_pending_seconds > LATE_SECONDS else Light.GOOD


@dataclass(frozen=True, kw_only=True)
class Figures:
    at: datetime
    last_sequence: int
    unsequenced: int
    oldest_unsequenced_seconds: float
    destinations: tuple[DestinationFigures, ...]


def event_figures() -> Figures:
    """Six queries."""
    now = timezone.now()
    unsequenced = Event.objects.unsequenced().order_by().aggregate(number=Count("pk"), since=Min("occurred_at"))
    return Figures(
        at=now,
        last_sequence=SequenceCounter.objects.values_list("last", flat=True).first() or 0,
        unsequenced=unsequenced["number"],
        oldest_unsequenced_seconds=_age(unsequenced["since"], now=now),
        destinations=tuple(_destinations(now)),
    )


def _destinations(now: datetime) -> Iterator[DestinationFigures]:
    """Every handler and every endpoint that is kept, and whoever else has something waiting or dead."""
    counted = _by_destination(_pending(now), _dead(), _recent(now))
    endpoints = {endpoint.destination: endpoint for endpoint in WebhookEndpoint.objects.kept().order_by("id")}
    handlers = all_destinations()
    others = sorted(set(counted) - set(handlers) - set(endpoints))
    for destination in (*handlers, *endpoints, *others):
        figures = {"name": destination, **counted.get(destination, {})}
        if endpoint := endpoints.get(destination):
            figures |= {"name": endpoint.url, "endpoint_id": endpoint.id, "is_listening": endpoint.is_active}
        yield DestinationFigures(destination=destination, **figures)


def _by_destination(*tables: list[dict[str, Any]]) -> Mapping[str, dict[str, Any]]:
    counted: dict[str, dict[str, Any]] = {}
    for row in (row for table in tables for row in table):
        counted.setdefault(row.pop("destination"), {}).update(row)
    return counted


def _pending(now: datetime) -> list[dict[str, Any]]:
    rows = EventDelivery.objects.pending().order_by().values("destination")
    counted: Iterable[Row] = rows.annotate(
        pending=Count("pk"),
        due=Count("pk", filter=Q(next_attempt_at__lte=now)),
        retried=Count("pk", filter=Q(attempts__gt=1)),
        since=Min("created_at"),
    )
    return [_but(row, "since", oldest_pending_seconds=_age(row["since"], now=now)) for row in counted]


def _dead() -> list[dict[str, Any]]:
    rows = EventDelivery.objects.filter(state=DeliveryState.DEAD).order_by().values("destination")
    return [dict(row) for row in rows.annotate(dead=Count("pk"))]


def _recent(now: datetime) -> list[dict[str, Any]]:
    rows = EventDelivery.objects.filter(id__gte=first_key_of(now - RECENT)).order_by().values("destination")
    took = ExpressionWrapper(F("delivered_at") - F("created_at"), output_field=DurationField())
    counted: Iterable[Row] = rows.annotate(
        recent=Count("pk"),
        recent_delivered=Count("pk", filter=Q(state=DeliveryState.DELIVERED)),
        recent_attempts=Sum("attempts"),
        slowest=Max(took),
    )
    return [_but(row, "slowest", recent_slowest_seconds=_seconds(row["slowest"])) for row in counted]


def _but(row: Row, without: str, **more: float) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != without} | more


def first_key_of(moment: datetime) -> UUID:
    """The lowest UUIDv7 (RFC 9562) made at this millisecond: keys above it are of rows made since."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def _age(since: datetime | None, *, now: datetime) -> float:
    return _seconds(now - since if since else None)


def _seconds(duration: timedelta | None) -> float:
    return round(max(duration.total_seconds(), 0.0), 3) if duration is not None else 0.0
