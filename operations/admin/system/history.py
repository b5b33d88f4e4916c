"""The days as charts, each with the table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.conf import settings

from operations.admin.system.charts import Bar, Chart, Label
from operations.days import Day, Durations, Hour, last_days

WEEK_DAYS: Final = 7
EXACT_BELOW: Final = 10
CLOCK: Final = [Label(text=f"{hour:02}", first=hour) for hour in range(0, 24, 3)]


class Period(StrEnum):
    TODAY = "today"
    WEEK = "week"


@dataclass(frozen=True, kw_only=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """`told` sums the chart up; `key` tells it from the others of its page."""

    key: str
    chart: Chart
    told: str
    table: Table


@dataclass(frozen=True, kw_only=True)
class History:
    period: Period
    orders: Drawn
    times: Drawn

    @property
    def is_week(self) -> bool:
        return self.period == Period.WEEK


def history(period: Period, *, now: datetime) -> History:
    if period == Period.WEEK:
        days = last_days(WEEK_DAYS, now=now)
        return History(period=period, orders=_orders_of_week(days, now=now), times=_times_of_week(days))
    (today,) = last_days(1, now=now)
    return History(period=period, orders=_orders_of_day(today, now=now), times=_times_of_day(today))


def _orders_of_day(day: Day, *, now: datetime) -> Drawn:
    return Drawn(
        key="orders",
        chart=Chart.of(f"Orders per hour, {_day(day)}", [_placed(hour, now=now) for hour in day.hours], labels=CLOCK),
        told=f"{day.placed:,} orders placed today",
        table=Table(
            head=("Hour", "Orders placed"),
            rows=[(_hour(hour), f"{hour.placed:,}") for hour in day.hours if hour.starts_at <= now],
        ),
    )


def _orders_of_week(days: Sequence[Day], *, now: datetime) -> Drawn:
    hours = [hour for day in days for hour in day.hours]
    labels = [Label(text=f"{day.date:%a} {day.date.day}", first=place * 24, bars=24) for place, day in enumerate(days)]
    return Drawn(
        key="orders",
        chart=Chart.of("Orders per hour, last 7 days", [_placed(hour, now=now) for hour in hours], labels=labels),
        told=f"{sum(day.placed for day in days):,} orders placed in 7 days",
        table=Table(
            head=("Day", "All", *(f"{hour:02}" for hour in range(24))),
            rows=[(_day(day), f"{day.placed:,}", *(f"{hour.placed:,}" for hour in day.hours)) for day in days],
        ),
    )


def _times_of_day(day: Day) -> Drawn:
    return _times(
        "Delivery times by hour, in minutes",
        [(_hour(hour), hour.durations) for hour in day.hours],
        told=f"today {_durations(day.durations)}",
        labels=CLOCK,
    )


def _times_of_week(days: Sequence[Day]) -> Drawn:
    return _times(
        "Delivery times by day, in minutes",
        [(_day(day), day.durations) for day in days],
        told=f"today {_durations(days[-1].durations)}",
        labels=[Label(text=f"{day.date:%a} {day.date.day}", first=place) for place, day in enumerate(days)],
    )


def _times(title: str, rows: Sequence[tuple[str, Durations]], *, told: str, labels: Sequence[Label]) -> Drawn:
    bars = [
        Bar(value=one.median_minutes, more=one.p90_minutes, says=f"{name}: {_durations(one)}") for name, one in rows
    ]
    return Drawn(
        key="times",
        chart=Chart.of(title, bars, labels=labels, target=settings.DELIVERY_TARGET_MINUTES),
        told=told,
        table=Table(
            head=("When", "Delivered", "Median (min)", "90th percentile (min)"),
            rows=[
                (name, f"{one.delivered:,}", f"{one.median_minutes:.1f}", f"{one.p90_minutes:.1f}")
                for name, one in rows
                if one.median_minutes is not None and one.p90_minutes is not None
            ],
        ),
    )


def _placed(hour: Hour, *, now: datetime) -> Bar:
    is_present = hour.starts_at <= now < hour.starts_at.replace(minute=59, second=59, microsecond=999_999)
    return Bar(value=hour.placed, says=f"{_full_hour(hour)}: {hour.placed:,}", is_present=is_present)


def _durations(one: Durations) -> str:
    if one.median_minutes is None or one.p90_minutes is None:
        return "nothing delivered"
    half, most = in_minutes(one.median_minutes), in_minutes(one.p90_minutes)
    return f"half in {half}, nine of ten in {most} ({one.delivered:,} delivered)"


def in_minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= EXACT_BELOW else f"{minutes:.1f} min"


def _day(day: Day) -> str:
    return f"{day.date:%a} {day.date.day} {day.date:%b}"


def _hour(hour: Hour) -> str:
    return f"{hour.starts_at:%H:%M}"


def _full_hour(hour: Hour) -> str:
    return f"{hour.starts_at:%a} {hour.starts_at.day}, {hour.starts_at:%H:%M}"
