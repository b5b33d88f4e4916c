from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from catalog.hours import Opening, is_open, next_opening

BERLIN = ZoneInfo("Europe/Berlin")
AUCKLAND = ZoneInfo("Pacific/Auckland")
FRIDAY, SATURDAY, SUNDAY, MONDAY = 4, 5, 6, 0


def opening(weekday: int, opens: str, closes: str) -> Opening:
    return Opening(weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_at(moment: str, *openings: Opening, zone: ZoneInfo = BERLIN) -> bool:
    return is_open(openings, at=utc(moment), zone=zone)


DAY = opening(MONDAY, "09:00", "18:00")
NIGHT = opening(SATURDAY, "20:00", "04:00")


def test_without_hours_a_store_never_closes() -> None:
    assert open_at("2026-06-01T03:00")
    assert next_opening([], after=utc("2026-06-01T03:00"), zone=BERLIN) is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-01T06:59:59", False),
        ("2026-06-01T07:00", True),
        ("2026-06-01T15:59:59", True),
        ("2026-06-01T16:00", False),
        ("2026-06-02T07:00", False),
    ],
)
def test_a_day_opens_and_closes_by_the_stores_own_clock(moment: str, expected: bool) -> None:
    assert open_at(moment, DAY) is expected


def test_the_same_hours_are_an_hour_later_in_winter() -> None:
    assert not open_at("2026-12-07T07:30", DAY)
    assert open_at("2026-12-07T08:00", DAY)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-06T17:59", False),
        ("2026-06-06T18:00", True),
        ("2026-06-06T22:30", True),
        ("2026-06-07T01:59", True),
        ("2026-06-07T02:00", False),
        ("2026-06-07T18:30", False),
    ],
)
def test_hours_over_midnight_end_on_the_next_day(moment: str, expected: bool) -> None:
    assert open_at(moment, NIGHT) is expected


def test_equal_times_are_a_whole_day() -> None:
    whole = opening(FRIDAY, "06:00", "06:00")
    assert [open_at(moment, whole) for moment in ("2026-06-05T03:59", "2026-06-05T04:00", "2026-06-06T03:59")] == [
        False,
        True,
        True,
    ]
    assert not open_at("2026-06-06T04:00", whole)


def test_several_openings_a_day_leave_a_break() -> None:
    lunch, dinner = opening(MONDAY, "11:00", "14:00"), opening(MONDAY, "17:00", "22:00")
    hours = ["2026-06-01T10:00", "2026-06-01T13:00", "2026-06-01T16:00"]
    assert [open_at(moment, lunch, dinner) for moment in hours] == [True, False, True]


def test_the_week_is_that_of_the_store_not_of_greenwich() -> None:
    assert open_at("2026-06-07T21:30", DAY, zone=AUCKLAND), "Monday morning there, Sunday evening in Greenwich"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-28T19:00", True),
        ("2026-03-29T01:59", True),
        ("2026-03-29T02:00", False),
    ],
)
def test_the_night_the_clocks_go_forward_is_an_hour_shorter(moment: str, expected: bool) -> None:
    assert open_at(moment, NIGHT) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-24T18:00", True),
        ("2026-10-25T02:59", True),
        ("2026-10-25T03:00", False),
    ],
)
def test_the_night_the_clocks_go_back_is_an_hour_longer(moment: str, expected: bool) -> None:
    assert open_at(moment, NIGHT) is expected


def test_a_time_the_clocks_skip_counts_as_the_one_an_hour_later() -> None:
    early = opening(SUNDAY, "02:30", "05:00")
    assert [open_at(moment, early) for moment in ("2026-03-29T01:29", "2026-03-29T01:30")] == [False, True]


def test_of_two_equal_times_the_first_counts() -> None:
    late = opening(SATURDAY, "20:00", "02:30")
    assert [open_at(moment, late) for moment in ("2026-10-25T00:29", "2026-10-25T00:30", "2026-10-25T01:15")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-06-01T06:00", "2026-06-01T07:00"),
        ("2026-06-01T07:00", "2026-06-08T07:00"),
        ("2026-06-01T20:00", "2026-06-08T07:00"),
        ("2026-10-20T12:00", "2026-10-26T08:00"),
    ],
)
def test_the_next_opening_is_the_first_to_come(after: str, expected: str) -> None:
    assert next_opening([DAY], after=utc(after), zone=BERLIN) == utc(expected)


def test_of_several_openings_the_nearest_is_next() -> None:
    assert next_opening([DAY, NIGHT], after=utc("2026-06-02T12:00"), zone=BERLIN) == utc("2026-06-06T18:00")
