"""What each hour of the last days came to: orders placed and delivered, and how long deliveries took.

A day that is over does not change any more, so it is reckoned up once and kept; of the present one the orders are read
again and again, by their keys and by the index of their ends.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self

from django.db.models import Count
from django.db.models.functions import ExtractHour
from django.utils import timezone

from api.remembering import remembered
from events.figures import first_key_of
from operations.percentiles import percentile
from orders.models import Order
from orders.states import OrderStatus
from tracking.state import SETTLED_AFTER

PRESENT_KEPT_SECONDS: Final = 15
PAST_KEPT_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Of the deliveries that ended within some time, from placing to the door; None where there were none."""

    delivered: int = 0
    median_minutes: float | None = None
    p90_minutes: float | None = None

    @classmethod
    def of(cls, minutes: Sequence[float]) -> Self:
        if not minutes:
            return cls()
        return cls(delivered=len(minutes), median_minutes=percentile(minutes, 50), p90_minutes=percentile(minutes, 90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    starts_at: datetime
    placed: int
    durations: Durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """By the installation's clock; `hours` are all 24, those to come too."""

    date: date
    hours: tuple[Hour, ...]
    durations: Durations

    @property
    def placed(self) -> int:
        return sum(hour.placed for hour in self.hours)


def last_days(number: int, *, now: datetime) -> Sequence[Day]:
    """Ending with the present one."""
    today = timezone.localtime(now).date()
    return [_known(today - timedelta(days=back), now=now) for back in reversed(range(number))]


def _known(day: date, *, now: datetime) -> Day:
    is_settled = now > _midnight(day + timedelta(days=1)) + SETTLED_AFTER
    seconds = PAST_KEPT_SECONDS if is_settled else PRESENT_KEPT_SECONDS
    return remembered(f"operations.day.{day.isoformat()}", seconds=seconds, make=lambda: reckoned(day))


def reckoned(day: date) -> Day:
    """Two queries."""
    starts_at, ends_at = _midnight(day), _midnight(day + timedelta(days=1))
    placed, minutes = _placed(starts_at, ends_at), _minutes(starts_at, ends_at)
    return Day(
        date=day,
        hours=tuple(
            Hour(
                starts_at=starts_at + timedelta(hours=hour),
                placed=placed.get(hour, 0),
                durations=Durations.of(minutes.get(hour, ())),
            )
            for hour in range(24)
        ),
        durations=Durations.of([one for of_hour in minutes.values() for one in of_hour]),
    )


def _placed(starts_at: datetime, ends_at: datetime) -> Mapping[int, int]:
    """Keys rise with time: no other index is needed to find a day's orders."""
    orders = Order.objects.filter(pk__gte=first_key_of(starts_at), pk__lt=first_key_of(ends_at)).order_by()
    return dict(orders.annotate(hour=ExtractHour("created_at")).values_list("hour").annotate(Count("pk")))


def _minutes(starts_at: datetime, ends_at: datetime) -> Mapping[int, Sequence[float]]:
    delivered = Order.objects.filter(status=OrderStatus.DELIVERED, ended_at__gte=starts_at, ended_at__lt=ends_at)
    by_hour: defaultdict[int, list[float]] = defaultdict(list)
    for created_at, ended_at in delivered.order_by().values_list("created_at", "ended_at"):
        assert ended_at is not None
        by_hour[timezone.localtime(ended_at).hour].append((ended_at - created_at).total_seconds() / 60)
    return by_hour


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
