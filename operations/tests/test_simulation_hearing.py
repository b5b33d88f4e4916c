import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import httpx
import pytest
from rich.console import Console

from events.webhooks.receiving.inbox import Counts
from operations.simulation import hearing
from operations.simulation.city import read_city
from operations.simulation.client import Client, Connection
from operations.simulation.hearing import CannotListen, Ear, Heard, Listener
from operations.simulation.people import dispatch
from operations.simulation.run import Options, Run
from operations.simulation.summary import Summary
from operations.tests.site_in_memory import Row
from operations.tests.telling_site import Telling, TellingSite

Result = TypeVar("Result")

MITTE: Final = Path(__file__).parents[1] / "cities" / "mitte"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "ARRIVES_WITHIN_SECONDS", 0.2)
    monkeypatch.setattr(hearing, "LOOK_AGAIN_SECONDS", 0.01)


def visit(site: TellingSite, errand: Callable[[Connection], Awaitable[Result]]) -> Result:
    async def go() -> Result:
        async with httpx.AsyncClient(transport=httpx.MockTransport(site), base_url="http://site") as http:
            return await errand(Connection(http, patience_seconds=0.1))

    return asyncio.run(go())


def listener_of(connection: Connection, *, ear: Ear | None = None) -> Listener:
    return Listener(Client(connection, email="integrator@example.com", password="demo-password"), ear or Ear())


def hear(site: TellingSite) -> Heard:
    """Four events of two subjects, after one that was before the endpoint's time."""

    async def errand(connection: Connection) -> Heard:
        listener = listener_of(connection)
        async with listener.attached():
            for subject_id, version in ((ONE, 1), (TWO, 1), (ONE, 2), (TWO, 2)):
                site.publish(subject_id, version)
            site.tell()
            return await listener.look_back()

    site.publish(ONE, 0)
    return visit(site, errand)


def test_all_events_of_the_feed_arrive_signed_and_in_order() -> None:
    site = TellingSite()
    heard = hear(site)
    assert (heard.sent, heard.counts) == (4, Counts(received=4, verified=4))
    assert (heard.missing, heard.problems, len(heard.delays)) == ([], [], 4)
    assert site.endpoints == {}
    assert len(site.retired) == 1


def twice(events: list[Row]) -> list[Row]:
    return [event for event in events for _ in range(2)]


def without_the_second(events: list[Row]) -> list[Row]:
    return [event for number, event in enumerate(events) if number != 1]


def backwards(events: list[Row]) -> list[Row]:
    return events[::-1]


@pytest.mark.parametrize(
    ("telling", "counts", "problems"),
    [
        (twice, Counts(received=8, verified=8, duplicates=4), []),
        (backwards, Counts(received=4, verified=4, out_of_order=2), ["2 came out of order for their subject"]),
        (without_the_second, Counts(received=3, verified=3), ["1 of 4 events did not come, such as order.paid "]),
    ],
)
def test_what_is_wrong_with_the_telling_is_said(telling: Telling, counts: Counts, problems: list[str]) -> None:
    heard = hear(TellingSite(telling=telling))
    assert heard.counts == counts
    assert len(heard.problems) == len(problems)
    assert all(expected in found for expected, found in zip(problems, heard.problems, strict=True))


def test_signatures_that_do_not_fit_are_said() -> None:
    heard = hear(TellingSite(signs_right=False))
    assert heard.counts == Counts(received=4, refused=4)
    assert heard.problems[0] == "webhooks: 4 were refused: signature_mismatch"
    assert heard.problems[1].startswith("webhooks: 4 of 4 events did not come, such as order.paid ")


def test_events_about_the_delivering_are_not_awaited() -> None:
    site = TellingSite(telling=lambda events: [event for event in events if event["type"] == "order.paid"])

    async def errand(connection: Connection) -> Heard:
        listener = listener_of(connection)
        async with listener.attached():
            site.publish(ONE, 1)
            site.publish(TWO, 1, kind="webhook_endpoint.pinged")
            site.tell()
            return await listener.look_back()

    heard = visit(site, errand)
    assert (heard.sent, heard.problems) == (1, [])


def test_what_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "ARRIVES_WITHIN_SECONDS", 10)
    site = TellingSite()

    async def errand(connection: Connection) -> Heard:
        listener = listener_of(connection)
        async with listener.attached():
            site.publish(ONE, 1)
            looking = asyncio.create_task(listener.look_back())
            await asyncio.sleep(0)
            site.tell()
            return await looking

    assert visit(site, errand).missing == []


def test_the_endpoint_of_a_run_that_was_killed_is_retired_and_no_other() -> None:
    site = TellingSite()
    ear = Ear()
    site.endpoints = {
        "ours": {"id": "ours", "description": ear.description, "url": "http://127.0.0.1:1/", "heard": 0},
        "theirs": {"id": "theirs", "description": "The shop's own", "url": "http://127.0.0.1:1/", "heard": 0},
    }

    async def errand(connection: Connection) -> None:
        async with listener_of(connection, ear=ear).attached():
            assert set(site.endpoints) > {"theirs"}
            assert "ours" not in site.endpoints

    visit(site, errand)
    assert set(site.endpoints) == {"theirs"}


def test_the_endpoint_is_retired_when_the_run_is_cancelled() -> None:
    site = TellingSite()

    async def errand(connection: Connection) -> None:
        async def listen() -> None:
            async with listener_of(connection).attached():
                listening.set()
                await asyncio.Event().wait()

        listening = asyncio.Event()
        run = asyncio.create_task(listen())
        await listening.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    visit(site, errand)
    assert (site.endpoints, len(site.retired)) == ({}, 1)


def test_a_taken_port_is_told_before_an_endpoint_is_made() -> None:
    site = TellingSite()

    async def errand(connection: Connection) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ear = Ear(port=taken.getsockname()[1])
            with pytest.raises(CannotListen, match="cannot listen on"):
                async with listener_of(connection, ear=ear).attached():
                    pytest.fail("nobody listens")

    visit(site, errand)
    assert site.endpoints == {}


def perform(site: TellingSite) -> Summary:
    async def errand(connection: Connection) -> Summary:
        options = Options(
            city=read_city(MITTE),
            replays=False,
            speed=1000.0,
            wishes=4,
            leaves=True,
            dice=random.Random(1),
            ear=Ear(),
        )
        run = Run(options, connection=connection, site_url="http://site", console=Console(quiet=True))
        await run.prepare()
        async with run.listening():
            await run.play()
            return await run.look_back()

    return visit(site, errand)


@pytest.fixture
def _eager_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr("operations.simulation.run.PATIENCE_AT_CLOSING_SECONDS", 0.1)


@pytest.mark.usefixtures("_eager_people")
def test_a_run_hears_of_all_its_orders() -> None:
    site = TellingSite()
    summary = perform(site)
    assert summary.problems == []
    assert summary.webhooks is not None
    assert summary.webhooks.sent == len(site.events) > 16
    assert summary.webhooks.counts == Counts(received=len(site.events), verified=len(site.events))


@pytest.mark.usefixtures("_eager_people")
def test_a_run_that_did_not_hear_of_deliveries_is_broken() -> None:
    """Four were wished for, and no other order can be delivered."""
    site = TellingSite(telling=lambda events: [event for event in events if event["type"] != "order.delivered"])
    (problem,) = perform(site).problems
    assert problem.startswith(f"webhooks: 4 of {len(site.events)} events did not come, such as order.delivered ")
