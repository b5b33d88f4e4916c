"""The parts of the one process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from celery import current_app
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerUnavailable
from kombu.utils import functional
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisAway

from operations.management.commands import serve as command
from operations.serving import site
from operations.serving.address import Address, AddressUnavailable, listen, taken_address, use_as_default_urls
from operations.serving.companions import Companion
from operations.serving.schedule import WITHIN_SECONDS, ScheduleInMemory


@pytest.fixture
def taken() -> Iterator[Address]:
    with listen(Address("127.0.0.1", 0)) as listener:
        yield taken_address(listener)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://127.0.0.1:8001"),  # noqa: S104
        ("::", "http://[::1]:8001"),
        ("shop.example", "http://shop.example:8001"),
    ],
)
def test_url_leads_to_the_address_from_this_machine(host: str, url: str) -> None:
    assert Address(host, 8001).url == url


def test_taken_port_is_named(taken: Address) -> None:
    with pytest.raises(AddressUnavailable) as refusal:
        listen(taken)
    assert str(refusal.value) == f"cannot listen on port {taken.port} of 127.0.0.1: Address already in use"


def test_taken_port_ends_the_command_before_anything_is_started(taken: Address) -> None:
    with pytest.raises(CommandError, match=rf"cannot listen on port {taken.port}.*choose another with --port"):
        call_command("serve", port=taken.port)


def test_urls_follow_the_port_where_the_environment_is_silent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTERNAL_URL", raising=False)
    monkeypatch.setenv("PUBLIC_URL", "https://shop.example")
    settings.PUBLIC_URL = settings.INTERNAL_URL = "https://shop.example"
    use_as_default_urls(Address("0.0.0.0", 8123))  # noqa: S104
    assert (settings.PUBLIC_URL, settings.INTERNAL_URL) == ("https://shop.example", "http://127.0.0.1:8123")


def test_database_without_its_tables_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "unapplied_migrations", lambda: ["orders.0001_initial"])
    with pytest.raises(CommandError, match=r"lacks 1 migrations: run `manage.py migrate`, or serve with --migrate"):
        call_command("serve", port=0)


def test_database_that_does_not_answer_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise OperationalError("connection refused")

    monkeypatch.setattr(command, "unapplied_migrations", fail)
    with pytest.raises(CommandError, match="The database does not answer: connection refused"):
        call_command("serve", port=0)


def test_all_jobs_are_due_at_the_start_one_after_another() -> None:
    entries: dict[str, Any] = ScheduleInMemory(app=current_app).schedule
    jobs = current_app.conf.beat_schedule
    assert set(entries) == set(jobs)
    first = sorted(entries[name].last_run_at.timestamp() + job["schedule"] for name, job in jobs.items())
    assert first[0] <= current_app.now().timestamp()
    assert min(later - sooner for sooner, later in pairwise(first)) > 0
    assert first[-1] - first[0] < WITHIN_SECONDS


def test_jobs_that_had_to_wait_together_go_one_after_another_again() -> None:
    """Beat cannot send for a while, as when Redis is away."""
    scheduler, begun = ScheduleInMemory(app=current_app), list[tuple[float, str]]()
    clock = datetime.now(UTC)
    sweeps = {name for name, job in current_app.conf.beat_schedule.items() if job["schedule"] == settings.SWEEP_SECONDS}
    with (
        patch.object(schedule, "now", side_effect=lambda: clock),
        patch.object(ScheduleEntry, "default_now", side_effect=lambda: clock),
        patch.object(
            scheduler, "apply_entry", side_effect=lambda entry, **_: begun.append((clock.timestamp(), entry.name))
        ),
    ):
        for pause in (0.0, 1.0, 5.0, *[0.01] * 400):
            clock += timedelta(seconds=pause)
            while scheduler.tick() == 0:
                pass
    last = sorted({name: moment for moment, name in begun if name in sweeps}.values())
    assert len(last) == len(sweeps)
    assert min(later - sooner for sooner, later in pairwise(last)) > 0.05


def test_jobs_expire_before_they_pile_up() -> None:
    """After an hour without a worker, the sweeps that nobody needs any more are not carried out."""
    schedule = ScheduleInMemory(app=current_app).schedule
    lives = {entry.task: (entry.options or {})["expires"] for entry in schedule.values()}
    assert (lives["events.relay"], lives["api.purge_idempotency_keys"]) == (60, 3600)


def test_job_whose_predecessor_still_waits_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [False, True, False]
    asked: list[tuple[str, list[object]]] = []

    def is_first(task: str, args: list[object]) -> bool:
        asked.append((task, list(args)))
        return not waiting[len(asked) - 1]

    monkeypatch.setattr("operations.serving.schedule.is_first_to_wake", is_first)
    schedule = ScheduleInMemory(app=current_app)
    with patch("celery.beat.Scheduler.apply_async") as sent:
        for _ in waiting:
            schedule.apply_async(schedule.schedule["relay events"])
    assert asked == [("events.relay", [])] * 3
    assert sent.call_count == 2


def test_job_is_sent_when_nobody_can_say_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(task: str, args: object) -> bool:
        raise RedisAway("refused")

    monkeypatch.setattr("operations.serving.schedule.is_first_to_wake", away)
    schedule = ScheduleInMemory(app=current_app)
    with patch("celery.beat.Scheduler.apply_async") as sent:
        schedule.apply_async(schedule.schedule["relay events"])
    assert sent.call_count == 1


class Ending(Companion):
    """Ends when it is told to, or by itself."""

    name = "companion"

    def __init__(self, *, by_itself: bool, on_unexpected_end: Callable[[str], None]) -> None:
        super().__init__(on_unexpected_end=on_unexpected_end)
        self.told = threading.Event()
        self.by_itself = by_itself

    def run(self) -> None:
        if not self.by_itself:
            self.told.wait()

    def end_soon(self) -> None:
        self.told.set()


@pytest.mark.parametrize(("by_itself", "reported"), [(True, ["companion"]), (False, [])])
def test_end_nobody_asked_for_is_reported(by_itself: bool, reported: list[str]) -> None:
    ended: list[str] = []
    companion = Ending(by_itself=by_itself, on_unexpected_end=ended.append)
    companion.start()
    if by_itself:
        companion.join()
    companion.stop()
    companion.join()
    assert ended == reported


def test_site_does_not_go_on_without_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def worker_dies(*, on_unexpected_end: Callable[[str], None]) -> Iterator[None]:
        on_unexpected_end("worker")
        yield

    monkeypatch.setattr(site, "alongside", worker_dies)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(site.CompanionEnded, match="the worker ended unexpectedly"),
    ):
        site.serve(listener)


def test_nobody_waits_for_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever places an order wakes a worker after the commit, and would be kept waiting for Redis."""
    pauses: list[float] = []
    here, really_pause = threading.get_ident(), vars(functional)["sleep"]

    def pause(seconds: float) -> None:
        """Workers of other tests may be waiting for a broker of theirs."""
        if threading.get_ident() == here:
            pauses.append(seconds)
        else:
            really_pause(seconds)

    monkeypatch.setattr(functional, "sleep", pause)
    away = Connection("redis://127.0.0.1:1", transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS)
    with away, pytest.raises(BrokerUnavailable):
        _ = away.default_channel
    assert pauses == []
