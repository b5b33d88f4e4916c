"""Opening hours as people write them: a line per weekday, such as “09:00-13:00, 14:30-20:00”."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Final

from catalog.hours import Opening

_SPAN: Final = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—]\s*(\d{1,2})(?::(\d{2}))?")  # noqa: RUF001


class NotOpeningHours(ValueError):
    """The text is not a list of openings."""


def openings_of_day(text: str, *, weekday: int) -> list[Opening]:
    """Raises NotOpeningHours. “24:00” is midnight."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    openings = [_opening(part, weekday=weekday) for part in parts]
    if len({opening.opens for opening in openings}) < len(openings):
        raise NotOpeningHours("Two openings of a day cannot begin at the same time.")
    return openings


def written(openings: Iterable[Opening], *, weekday: int) -> str:
    spans = sorted((opening.opens, opening.closes) for opening in openings if opening.weekday == weekday)
    return ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in spans)


def _opening(part: str, *, weekday: int) -> Opening:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise NotOpeningHours(f"“{part}” is not like 09:00-18:00.")
    opens_hour, opens_minute, closes_hour, closes_minute = match.groups(default="0")
    return Opening(
        weekday=weekday, opens=_time(opens_hour, opens_minute), closes=_time(closes_hour, closes_minute)
    )  # fmt: skip


def _time(hour: str, minute: str) -> time:
    try:
        return time(int(hour) % 24 if int(hour) == 24 and int(minute) == 0 else int(hour), int(minute))
    except ValueError as error:
        raise NotOpeningHours(f"{hour}:{minute} is not a time of day.") from error
