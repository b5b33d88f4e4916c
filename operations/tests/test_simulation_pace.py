import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx

from operations.simulation.client import Client, Connection
from operations.simulation.geography import BERLIN, Place, distance_m
from operations.simulation.pace import Pace
from operations.simulation.people.riding import Riding, top_speed_kmh


class HandClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def at_pace(speed: float, *, first_minute: float = 0.0) -> tuple[Pace, HandClock]:
    clock = HandClock()
    return Pace(speed=speed, first_minute=first_minute, clock=clock, sleep=clock.sleep), clock


def test_a_minute_of_the_day_takes_a_sixtieth_of_a_minute_at_sixty_times_the_speed() -> None:
    pace, clock = at_pace(60)

    asyncio.run(pace.wait(15))

    assert clock.seconds == 15
    assert pace.minute == 15
    assert pace.minutes(30) == 30


def test_the_clock_starts_at_its_first_minute_however_long_preparations_took() -> None:
    pace, clock = at_pace(120, first_minute=480)
    clock.seconds = 33.0

    pace.start()
    asyncio.run(pace.until(490))

    assert clock.seconds == 33.0 + 5.0
    assert pace.minute == 490


def test_a_minute_that_has_passed_is_not_waited_for() -> None:
    pace, clock = at_pace(60, first_minute=100)

    asyncio.run(pace.until(90))

    assert clock.seconds == 0


def ride(*, speed: float, metres_per_minute: float, goal: Place) -> tuple[list[dict[str, Any]], HandClock]:
    """A ride from Berlin's centre; the positions sent, and the clock at arrival."""
    pace, clock = at_pace(speed)
    sent: list[dict[str, Any]] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "a", "refresh_token": "r"})
        sent.extend(json.loads(request.content)["positions"])
        return httpx.Response(200, json={})

    async def go() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://site") as http:
            client = Client(Connection(http), email="courier1@example.com", password="demo-password")
            riding = Riding(
                client,
                pace=pace,
                metres_per_minute=metres_per_minute,
                position=BERLIN,
                wall_clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            )
            await riding.ride_to(goal)
            assert riding.position == goal

    asyncio.run(go())
    return sent, clock


def test_a_ride_takes_its_time_and_reports_positions_no_faster_than_allowed() -> None:
    goal = Place(52.55, 13.405)
    metres = distance_m(BERLIN, goal)

    sent, clock = ride(speed=60, metres_per_minute=300, goal=goal)

    assert clock.seconds == metres / 300
    assert len(sent) == 11
    assert (sent[-1]["latitude"], sent[-1]["longitude"]) == (52.55, 13.405)
    limit = top_speed_kmh(300, speed=60) / 3.6
    moments = [datetime.fromisoformat(position["recorded_at"]) for position in sent]
    places = [Place(position["latitude"], position["longitude"]) for position in sent]
    for index in range(1, len(sent)):
        seconds = (moments[index] - moments[index - 1]).total_seconds()
        assert seconds > 0.5
        assert distance_m(places[index - 1], places[index]) / seconds <= limit


def test_nobody_rides_to_where_they_stand() -> None:
    sent, clock = ride(speed=60, metres_per_minute=300, goal=BERLIN)

    assert (sent, clock.seconds) == ([], 0.0)


def test_couriers_are_allowed_a_little_more_than_they_ride() -> None:
    assert top_speed_kmh(300, speed=1) == 26
    assert top_speed_kmh(427, speed=120) == 4392
