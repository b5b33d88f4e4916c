"""One order, from the request that placed it to whoever hears of it, found by its two ids."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from accounts.roles import Role
from accounts.tests.factories import client_of
from api.log_context import bind_log
from api.logs import ContextFilter
from api.request_ids import request_context
from events import handlers
from events.envelopes import Envelope
from events.services.relaying import relay
from events.tests.receivers import receiver
from events.tests.webhooks import make_endpoint
from events.webhooks.addresses import AddressPolicy
from events.webhooks.network import LoopThread
from events.webhooks.sending import Sender
from orders.tests.factories import make_product, make_user

IDS = {"X-Request-ID": "placing-7", "X-Trace-ID": "shop-4711"}
LATER_IDS = {"X-Request-ID": "cancelling-8", "X-Trace-ID": "another-trace"}


def place_order(headers: dict[str, str]) -> Any:
    body = {
        "items": [{"product_id": str(make_product().id), "quantity": 1}],
        "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.405},
        "contact": {"name": "Ada"},
    }
    client = client_of(make_user(Role.CUSTOMER))
    return client.post("/api/v2/orders", body, headers={"Idempotency-Key": "k-1", **headers})


def as_a_worker(work: Callable[[], object]) -> None:
    """One that beat has sent, in a context of its own."""
    with request_context(request_id="of-the-worker", trace_id="of-the-worker"):
        work()


@pytest.fixture
def sender(settings: Any) -> Iterator[Sender]:
    """To receivers on this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    network = LoopThread(policy=AddressPolicy(private=True, plain_http=True))
    yield Sender(network=network)
    network.close()


@pytest.fixture
def a_handler_that_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_subscriptions", dict(handlers._subscriptions))

    @handlers.handles("order.created", "order.cancelled", name="tests.log")
    def tell(event: Envelope) -> None:
        bind_log(order=event.subject.id)
        logging.getLogger("tests.handler").info("heard of %s", event.type)


class Lines(logging.Handler):
    """What is logged, with its circumstances, as the handler of the settings adds them."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(ContextFilter("test"))
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def of(self, logger: str) -> list[Any]:
        return [record for record in self.records if record.name == logger]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    with caplog.at_level(logging.INFO):
        yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("a_handler_that_logs")
def test_an_order_is_found_by_its_ids_in_answers_logs_feed_and_webhooks(lines: Lines, sender: Sender) -> None:
    dispatcher = client_of(make_user(Role.DISPATCHER))
    with receiver() as shop:
        make_endpoint(shop.url, event_types=["order.*"])
        placed = place_order(IDS)
        order_id = placed.json()["id"]
        as_a_worker(relay)
        cancelled = dispatcher.post(f"/api/v2/orders/{order_id}/cancel", {"reason": "sold out"}, headers=LATER_IDS)
        as_a_worker(relay)
        as_a_worker(sender.run)

    assert (placed.status_code, placed["X-Request-ID"], placed["X-Trace-ID"]) == (201, "placing-7", "shop-4711")
    assert (cancelled.status_code, cancelled["X-Trace-ID"]) == (200, "another-trace")

    heard = lines.of("tests.handler")
    assert [(line.getMessage(), line.request_id, line.trace_id, line.order) for line in heard] == [
        ("heard of order.created", "placing-7", "shop-4711", order_id),
        ("heard of order.cancelled", "cancelling-8", "shop-4711", order_id),
    ]

    feed = dispatcher.get(f"/api/v2/events?subject={order_id}").json()["results"]
    assert [(event["type"], event["correlation_id"]) for event in feed] == [
        ("order.created", "shop-4711"),
        ("order.cancelled", "shop-4711"),
        ("order.restocked", "shop-4711"),
    ]

    told = {UUID(request.headers["webhook-id"]): request for request in shop.received}
    assert [json.loads(told[UUID(event["id"])].body) for event in feed] == feed
    sent = [told[UUID(event["id"])].headers for event in feed]
    assert [(headers["x-request-id"], headers["x-trace-id"]) for headers in sent] == [
        ("placing-7", "shop-4711"),
        ("cancelling-8", "shop-4711"),
        ("cancelling-8", "shop-4711"),
    ]


@pytest.mark.django_db
def test_a_refusal_has_the_ids_it_was_sent(lines: Lines) -> None:
    refused = client_of(make_user(Role.DISPATCHER)).get("/api/v2/events?after=1", headers=IDS)
    assert (refused.status_code, refused.json()["request_id"], refused["X-Trace-ID"]) == (400, "placing-7", "shop-4711")
    (line,) = lines.of("api.requests")
    assert (line.request_id, line.trace_id, line.status) == ("placing-7", "shop-4711", 400)
