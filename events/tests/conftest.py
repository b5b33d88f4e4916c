from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from events import handlers
from events.envelopes import Envelope, Subject
from events.models import Event
from events.publishing import publish
from events.webhooks.addresses import AddressPolicy
from events.webhooks.network import LoopThread
from events.webhooks.sending import Sender


@pytest.fixture(autouse=True)
def only_own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other apps' handlers are none of these tests' business."""
    monkeypatch.setattr(handlers, "_subscriptions", {})


@pytest.fixture
def heard() -> list[Envelope]:
    """A destination `recorder` for two types of events, and what it has heard."""
    envelopes: list[Envelope] = []
    handlers.handles("order.created", "order.paid", name="recorder")(envelopes.append)
    return envelopes


@pytest.fixture
def publish_order_event() -> Callable[..., Event]:
    def publish_one(event_type: str = "order.created", *, subject: Subject | None = None) -> Event:
        with transaction.atomic():
            return publish(event_type, subject=subject or Subject("order", uuid4(), 1), data={"total": "12.50"})

    return publish_one


@pytest.fixture
def sender(settings: Any) -> Iterator[Sender]:
    """As in a process of its own; receivers of the tests live on this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    network = LoopThread(policy=AddressPolicy(private=True, plain_http=True))
    yield Sender(network=network)
    network.close()
