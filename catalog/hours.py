"""When a store is open, by the clock on its own wall. Pure Python: knows no rows.

An opening is fixed by its two wall-clock times. A time that the clocks skip when they are put forward counts as the one
an hour later; of two equal times when they are put back, the first counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# An opening of yesterday may reach into today; an opening exists within a week of any moment, if there is one at all.
DAYS_BACK: Final = 1
DAYS_AHEAD: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`weekday` 0 is Monday. `closes` at or before `opens` means the next day."""

    weekday: int
    opens: time
    closes: time

    def on(self, day: date, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Beginning and end of the opening that starts on `day`, in UTC."""
        last_day = day if self.closes > self.opens else day + timedelta(days=1)
        start = datetime.combine(day, self.opens, tzinfo=zone)
        end = datetime.combine(last_day, self.closes, tzinfo=zone)
        return start.astimezone(UTC), end.astimezone(UTC)


def is_open(openings: Sequence[Opening], *, at: datetime, zone: ZoneInfo) -> bool:
    """Without any opening a store is open around the clock."""
    return not openings or any(start <= at < end for start, end in _around(openings, at=at, zone=zone))


def next_opening(openings: Sequence[Opening], *, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The next beginning of an opening, in UTC; None for a store without openings, which never closes."""
    return min((start for start, _ in _around(openings, at=after, zone=zone) if start > after), default=None)


def _around(openings: Sequence[Opening], *, at: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    today = at.astimezone(zone).date()
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        for opening in openings:
            if opening.weekday == day.weekday():
                yield opening.on(day, zone=zone)
