"""Whoever reads the feed while others write has in the end what the outbox has, wherever they had to begin again."""

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Signal
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from events.audience import Audience
from events.envelopes import Envelope, Subject
from events.feed import read_on
from events.models import Event
from events.publishing import publish
from events.services.sequencing import sequence_new_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]


def publish_one(event_type: str = "order.created") -> None:
    with transaction.atomic():
        publish(event_type, subject=Subject("order", uuid4(), 1))


@contextmanager
def a_slow_writer() -> Iterator[Signal]:
    """Has written an event, with the first position, and commits when the signal is given."""
    written, may_commit = Signal(), Signal()

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                publish("order.created", subject=Subject("order", uuid4(), 1))
                written.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(write_slowly)
        assert written.wait(20)
        yield may_commit
        may_commit.set()
        slow.result()


def read_all(audience: Audience, *, after: int) -> tuple[list[str], int]:
    types = []
    while True:
        reading = read_on(audience, after=after, limit=2, asked_for=Q())
        types += [event.type for event in reading.events]
        after = reading.after
        if after == reading.last:
            return types, after


def test_an_event_that_commits_late_is_read_all_the_same() -> None:
    audience = Audience.of(make_user(Role.ADMIN))
    with a_slow_writer() as may_commit:
        publish_one("order.paid")
        sequence_new_events()
        early, after = read_all(audience, after=0)
        may_commit.set()
    sequence_new_events()
    late, after = read_all(audience, after=after)

    assert (early, late, after) == (["order.paid"], ["order.created"], 2)


def test_reading_by_position_would_miss_it() -> None:
    def committed_after(position: int) -> list[Event]:
        return list(Event.objects.filter(position__gt=position).order_by("position"))

    with a_slow_writer() as may_commit:
        publish_one("order.paid")
        early = committed_after(0)
        may_commit.set()
    late = committed_after(early[-1].position)

    assert [event.type for event in early + late] == ["order.paid"]
    assert Event.objects.count() == 2


@dataclass
class Notebook:
    """What a client keeps where a crash cannot reach it: the events and its place, written down together."""

    events: list[Envelope] = field(default_factory=list)
    after: int = 0

    def write(self, events: list[Envelope], *, after: int) -> None:
        self.events = [*self.events, *events]
        self.after = after


class Crash(Exception):
    pass


def read_until_crash(notebook: Notebook, *, audience: Audience, dice: random.Random, written: Signal) -> bool:
    """One life of the client: from its place to the end of the feed, or to its sudden death at any step."""
    after = notebook.after
    while True:
        was_last_look = written.is_set()
        reading = read_on(audience, after=after, limit=dice.randint(1, 7), asked_for=Q(), examined_at_once=20)
        if dice.random() < 0.2:
            raise Crash
        after = reading.after
        notebook.write(list(reading.events), after=after)
        if dice.random() < 0.2:
            raise Crash
        if was_last_look and after == reading.last:
            return True


def live_and_die(notebook: Notebook, *, audience: Audience, dice: random.Random, written: Signal) -> int:
    """As many lives as it takes; returns how many ended before their time."""
    crashes = 0
    try:
        while True:
            try:
                read_until_crash(notebook, audience=audience, dice=dice, written=written)
            except Crash:
                crashes += 1
            else:
                return crashes
    finally:
        connection.close()


def write_many(dice: random.Random, *, transactions: int, store_id: UUID, user: User) -> None:
    """Transactions of different lengths, some taken back; every other event is for somebody else's eyes."""
    try:
        for number in range(transactions):
            with transaction.atomic():
                for _ in range(dice.randint(1, 4)):
                    publisher = user.pk if number % 2 else None
                    publish("stock.low", subject=Subject("product", store_id, number), publisher_id=publisher)
                if dice.random() < 0.2:
                    transaction.set_rollback(True)
            sequence_new_events()
    finally:
        connection.close()


def test_a_client_that_crashes_and_resumes_has_exactly_the_outbox_under_concurrent_writers() -> None:
    dice, written = random.Random(7), Signal()
    everybody, somebody = make_user(Role.ADMIN), make_user(Role.INTEGRATOR)
    books = {user: Notebook() for user in (everybody, somebody)}
    with ThreadPoolExecutor(8) as pool:
        readers: list[Future[int]] = [
            pool.submit(live_and_die, book, audience=Audience.of(user), dice=random.Random(1), written=written)
            for user, book in books.items()
        ]
        writers = [
            pool.submit(write_many, random.Random(dice.random()), transactions=25, store_id=uuid4(), user=somebody)
            for _ in range(5)
        ]
        for writer in writers:
            writer.result()
        sequence_new_events()
        written.set()
        crashes = [reader.result() for reader in readers]

    outbox = [Envelope.of(event) for event in Event.objects.order_by("sequence")]
    own = set(Event.objects.filter(publisher_id=somebody.pk).values_list("event_id", flat=True))
    assert len(outbox) > 200
    assert min(crashes) > 3
    assert books[everybody].events == outbox
    assert books[somebody].events == [event for event in outbox if event.id in own]
