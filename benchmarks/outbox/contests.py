"""One measurement: so many events wait, a number of processes begin, and it ends when the last has arrived."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import connection

from api.identifiers import uuid7
from benchmarks.outbox import compared
from benchmarks.outbox.lives import happen
from benchmarks.outbox.models import Heard
from benchmarks.outbox.processes import at_work, relay_for_ever
from benchmarks.outbox.receiver import received, subscribe
from benchmarks.outbox.witnesses import replace_all_destinations
from delivery_site.testing.waiting import until
from events.models import Event, EventDelivery, WebhookEndpoint


@dataclass(frozen=True)
class Contest:
    """`prepare` makes so many events wait; `arrived` tells how many have ever reached the destination."""

    contender: str
    destination: str
    prepare: Callable[[int], None]
    work: Callable[[], None]
    arrived: Callable[[], int]

    def events_per_second(self, *, events: int, processes: int) -> float:
        forget_everything()
        self.prepare(events)
        expected = self.arrived() + events
        began = time.perf_counter()
        with at_work(self.work, processes=processes):
            until(lambda: self.arrived() >= expected)
        return events / (time.perf_counter() - began)


def in_process(name: str) -> Contest:
    def prepare(events: int) -> None:
        replace_all_destinations(name)
        make_events_wait(events)

    return Contest("the outbox", f"function, {name}", prepare, relay_for_ever, Heard.objects.count)


def over_http(url: str) -> Contest:
    def prepare(events: int) -> None:
        replace_all_destinations()
        subscribe(url)
        make_events_wait(events)

    return Contest("the outbox", "HTTP", prepare, relay_for_ever, received)


def compared_in_process() -> Contest:
    prepare = partial(compared.make_events_wait, destination="function")
    return Contest("django-outbox-pattern", "function", prepare, compared.publish_for_ever, Heard.objects.count)


def compared_over_http(url: str) -> Contest:
    prepare = partial(compared.make_events_wait, destination=url)
    return Contest("django-outbox-pattern", "HTTP", prepare, compared.publish_for_ever, received)


def make_events_wait(events: int) -> None:
    for _ in range(events):
        happen("order.created", order_id=uuid7(), version=1)


def forget_everything() -> None:
    """Each measurement begins with empty tables."""
    endpoints = WebhookEndpoint.objects.all()
    for rows in (Heard.objects.all(), EventDelivery.objects.all(), Event.objects.all(), endpoints):
        rows.delete()
    compared.published().all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
