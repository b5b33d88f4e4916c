"""django-outbox-pattern, doing the same job: from its table to the same destinations, without a broker between."""

import json
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import httpx

from api.identifiers import uuid7
from benchmarks.outbox.lives import DATA
from benchmarks.outbox.models import Heard

TIMEOUT_SECONDS: Final = 15.0


class Connection:
    """Takes the place of its STOMP connection: what it sends goes to a function here, or to an HTTP address."""

    def __init__(self, **options: Any) -> None:
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS)

    def connect(self, *args: Any, **options: Any) -> None: ...

    def disconnect(self, *args: Any, **options: Any) -> None: ...

    def set_listener(self, *args: Any) -> None: ...

    def is_connected(self) -> bool:
        return True

    def send(self, *, body: str, destination: str, headers: dict[str, str]) -> None:
        if destination.startswith("http:"):
            self._client.post(destination, content=body, headers={"webhook-id": headers["dop-msg-id"]})
            return
        Heard.objects.create(
            destination=destination,
            event_id=UUID(headers["dop-msg-id"]),
            subject_id=UUID(json.loads(body)["subject"]["id"]),
            version=1,
        )


def published() -> Any:
    """Its table, where it is installed."""
    return import_module("django_outbox_pattern.models").Published.objects


def make_events_wait(events: int, *, destination: str) -> None:
    for _ in range(events):
        body = {"type": "order.created", "subject": {"type": "order", "id": str(uuid7()), "version": 1}, "data": DATA}
        published().create(destination=destination, body=body)


def publish_for_ever() -> None:
    """What its command `publish` does."""
    factories = import_module("django_outbox_pattern.factories")
    producer = factories.factory_producer()
    while True:
        producer.publish_message_from_database()
