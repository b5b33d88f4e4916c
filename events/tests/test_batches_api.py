"""Integrators' own events over HTTP: all or none, and never taken for ours."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts import reach
from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from events import handlers
from events.envelopes import Envelope
from events.models import Event, EventDelivery, WebhookEndpoint
from events.services.relaying import relay
from events.services.sequencing import sequence_new_events

pytestmark = pytest.mark.django_db

BATCHES = "/api/v2/event-batches"
FEED = "/api/v2/events"
STORE = uuid4()


@pytest.fixture
def till(monkeypatch: pytest.MonkeyPatch) -> User:
    """An integrator of one store."""
    user = make_user(Role.INTEGRATOR)
    monkeypatch.setattr(reach, "_answers", [lambda user_ids: {user.pk: frozenset({STORE})}])
    return user


@pytest.fixture
def client(till: User) -> JsonClient:
    return client_of(till)


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "ext.till.closed", "subject": {"type": "till", "id": str(uuid4())}, "data": {"by": 7}, **fields}


def batch(*events: Any, **fields: Any) -> dict[str, Any]:
    return {"events": list(events), **fields}


def send(client: JsonClient, body: Any, *, key: str | None = None) -> Any:
    return client.post(BATCHES, body, headers={"Idempotency-Key": key} if key else {})


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(problem["pointer"], problem["code"]) for problem in answer.json()["errors"]]


def test_a_batch_is_answered_with_its_ids_and_comes_through_the_feed(client: JsonClient, till: User) -> None:
    subject = {"type": "till", "id": str(uuid4()), "version": 3}
    opened, closed = event(type="ext.till.opened", subject=subject, store_id=str(STORE)), event(data={})

    answer = send(client, batch(opened, closed, correlation_id="receipt-4711"))
    sequence_new_events()

    assert answer.status_code == 201, answer.content
    shown = client.get(FEED).json()["results"]
    assert answer.json() == {
        "correlation_id": "receipt-4711",
        "events": [
            {"id": shown[0]["id"], "type": "ext.till.opened"},
            {"id": shown[1]["id"], "type": "ext.till.closed"},
        ],
    }
    assert [one["type"] for one in shown] == ["ext.till.opened", "ext.till.closed"]
    assert shown[0] == {
        "id": shown[0]["id"],
        "type": "ext.till.opened",
        "occurred_at": shown[0]["occurred_at"],
        "sequence": 1,
        "subject": subject,
        "store_id": str(STORE),
        "correlation_id": "receipt-4711",
        "data": {"by": 7},
    }
    assert (shown[1]["subject"]["version"], shown[1]["store_id"], shown[1]["data"]) == (0, None, {})
    assert set(Event.objects.values_list("publisher_id", flat=True)) == {till.pk}


def test_without_a_correlation_id_the_batch_has_the_requests_trace(client: JsonClient) -> None:
    answer = client.post(BATCHES, batch(event()), headers={"X-Trace-ID": "trace-7", "X-Request-ID": "request-7"})
    assert answer.json()["correlation_id"] == "trace-7"
    assert Event.objects.values_list("correlation_id", "request_id").get() == ("trace-7", "request-7")


@pytest.mark.parametrize(
    ("invalid", "pointer", "code"),
    [
        ({"type": "order.paid"}, "/type", "invalid"),
        ({"type": "ext"}, "/type", "invalid"),
        ({"type": "ext."}, "/type", "invalid"),
        ({"type": "Ext.till"}, "/type", "invalid"),
        ({"type": "ext.till closed"}, "/type", "invalid"),
        ({"type": "ext.tïll"}, "/type", "invalid"),
        ({"type": "ext." + "a" * 97}, "/type", "max_length"),
        ({"type": None}, "/type", "null"),
        ({"type": 7}, "/type", "invalid_type"),
        ({"subject": None}, "/subject", "null"),
        ({"subject": {"type": "till"}}, "/subject/id", "required"),
        ({"subject": {"type": "till", "id": "7"}}, "/subject/id", "invalid"),
        ({"subject": {"type": "", "id": str(uuid4())}}, "/subject/type", "blank"),
        ({"subject": {"type": "a till", "id": str(uuid4())}}, "/subject/type", "invalid"),
        ({"subject": {"type": "till", "id": str(uuid4()), "version": -1}}, "/subject/version", "min_value"),
        ({"subject": {"type": "order", "id": str(uuid4()), "version": 9}}, "/subject/version", "read_only"),
        ({"store_id": str(uuid4())}, "/store_id", "store_not_yours"),
        ({"data": []}, "/data", "not_a_dict"),
        ({"data": {"text": "a" * 16_384}}, "/data", "too_large"),
        ({"data": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}}, "/data", "too_deep"),
        ({"data": {"a": [[[[[[[[]]]]]]]]}}, "/data", "too_deep"),
        ({"data": {"a": [2**63]}}, "/data", "out_of_range"),
        ({"data": {"a": -1e300}}, "/data", "out_of_range"),
        ({"data": {"a": "nul \0"}}, "/data", "control_characters"),
        ({"data": {"nul \0": 1}}, "/data", "control_characters"),
        ({"id": str(uuid4())}, "/id", "unknown_field"),
        ({"sequence": 1}, "/sequence", "unknown_field"),
    ],
)
def test_one_invalid_event_takes_all_back_and_one_event_says_which(
    client: JsonClient, till: User, invalid: dict[str, Any], pointer: str, code: str
) -> None:
    answer = send(client, batch(event(), event(), event(), event(**invalid), correlation_id="c-1"))

    assert (answer.status_code, answer.json()["code"]) == (422, "batch_rolled_back")
    assert problems(answer) == [(f"/events/3{pointer}", code)]
    told = Event.objects.get()
    assert (told.type, told.correlation_id, told.publisher_id) == ("batch.rolled_back", "c-1", till.pk)
    assert told.data == {"index": 3, "code": code, "pointer": f"/events/3{pointer}"}
    assert (answer.json()["event_id"], answer.json()["correlation_id"]) == (str(told.event_id), "c-1")


@pytest.mark.parametrize(
    "valid",
    [
        {"type": "ext.x"},
        {"type": "ext.Loyalty-Club.points_earned.v2"},
        {"type": "ext." + "a" * 96},
        {"store_id": None},
        {"store_id": str(STORE)},
        {"data": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}},
        {"data": {"text": "a" * (16_384 - len('{"text":""}'))}},
        {
            "data": {
                "text": "line\nline \U0001f355",
                "number": -1.5,
                "big": 2**63 - 1,
                "nothing": None,
                "list": [True, []],
            }
        },
    ],
)
def test_what_may_be_published(client: JsonClient, valid: dict[str, Any]) -> None:
    answer = send(client, batch(event(**valid)))
    assert answer.status_code == 201, answer.content
    told = Event.objects.get()
    assert (told.type, told.data) == (valid.get("type", "ext.till.closed"), valid.get("data", {"by": 7}))


def test_all_invalid_events_are_named(client: JsonClient) -> None:
    answer = send(client, batch(event(), event(type="order.paid"), event(data=7, store="here")))
    assert problems(answer) == [
        ("/events/1/type", "invalid"),
        ("/events/2/data", "not_a_dict"),
        ("/events/2/store", "unknown_field"),
    ]
    assert Event.objects.get().data["index"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": {}},
        {"events": ["ext.till.closed"]},
        {"events": [None]},
        {"events": [{}] * 101},
        [{}],
        {"events": [{}], "correlation_id": "two words"},
        {"events": [{}], "correlation_id": "a" * 65},
        {"events": [{}], "correlation_id": None},
        {"events": [{}], "store_id": str(STORE)},
    ],
)
def test_what_is_no_batch_at_all_is_no_rolled_back_batch(client: JsonClient, body: Any) -> None:
    answer = send(client, body)
    assert (answer.status_code, answer.json()["code"], Event.objects.count()) == (400, "invalid_request", 0)


def test_a_hundred_events_are_one_batch(client: JsonClient) -> None:
    types = [f"ext.count.n{number}" for number in range(100)]
    assert send(client, batch(*(event(type=event_type) for event_type in types))).status_code == 201
    sequence_new_events()
    assert list(Event.objects.order_by("sequence").values_list("type", flat=True)) == types


def test_a_repeated_batch_is_published_once(client: JsonClient) -> None:
    body = batch(event(), event())
    first, again = send(client, body, key="k-1"), send(client, body, key="k-1")
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    assert Event.objects.count() == 2


@pytest.mark.parametrize("key", ["k-1", None])
def test_a_rolled_back_batch_is_told_of_though_it_is_refused(client: JsonClient, key: str | None) -> None:
    refused = send(client, batch(event(), event(type="order.paid")), key=key)
    sequence_new_events()
    (told,) = client.get(FEED).json()["results"]
    assert (refused.status_code, told["type"], told["id"]) == (422, "batch.rolled_back", refused.json()["event_id"])


def test_a_repeated_refusal_is_told_of_once(client: JsonClient) -> None:
    body = batch(event(type="order.paid"))
    first, again = send(client, body, key="k-1"), send(client, body, key="k-1")
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (422, 422, "true")
    assert (again["Content-Type"], again.json()) == ("application/problem+json", first.json())
    assert Event.objects.count() == 1


def test_a_thing_of_ours_may_be_the_subject_without_a_version(client: JsonClient) -> None:
    assert send(client, batch(event(subject={"type": "order", "id": str(uuid4())}))).status_code == 201


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER])
def test_publishing_needs_its_scope(role: Role) -> None:
    answer = send(client_of(make_user(role)), batch(event()))
    assert (answer.status_code, answer.json()["code"], Event.objects.count()) == (403, "insufficient_scope", 0)


def test_a_dispatcher_may_tell_of_any_store() -> None:
    assert send(client_of(make_user(Role.DISPATCHER)), batch(event(store_id=str(uuid4())))).status_code == 201


def endpoint(owner: User, **fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(owner=owner, url="https://shop.example.com/hooks", secret="whsec_x", **fields)


def test_events_from_outside_reach_webhooks_and_the_feed_but_no_handler(
    client: JsonClient, till: User, register_anyway: Callable[[str], list[Envelope]]
) -> None:
    heard = register_anyway("ext.till.closed")
    interested, everything = endpoint(till, event_types=["ext.till.*"]), endpoint(make_user(Role.ADMIN))
    endpoint(till, event_types=["order.*"])
    endpoint(make_user(Role.INTEGRATOR))

    send(client, batch(event(store_id=str(STORE))))
    relay()

    assert heard == []
    assert set(EventDelivery.objects.values_list("destination", flat=True)) == {
        interested.destination,
        everything.destination,
    }
    assert [shown["type"] for shown in client.get(f"{FEED}?type=ext.till.*").json()["results"]] == ["ext.till.closed"]


@pytest.fixture
def register_anyway(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Envelope]]:
    """A handler for a type that none may listen to."""

    def register(event_type: str) -> list[Envelope]:
        heard: list[Envelope] = []
        monkeypatch.setattr(handlers, "EVENT_TYPES", {event_type})
        handlers.handles(event_type, name="curious")(heard.append)
        return heard

    return register


def test_another_stores_integrator_sees_nothing_of_it(client: JsonClient) -> None:
    send(client, batch(event(store_id=str(STORE)), event()))
    sequence_new_events()
    assert client_of(make_user(Role.INTEGRATOR)).get(FEED).json()["results"] == []


def test_a_colleague_of_the_store_sees_what_is_about_the_store(
    client: JsonClient, till: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleague = make_user(Role.INTEGRATOR)
    members: dict[UUID, frozenset[UUID]] = {till.pk: frozenset({STORE}), colleague.pk: frozenset({STORE})}
    monkeypatch.setattr(reach, "_answers", [lambda user_ids: members])
    send(client, batch(event(type="ext.till.opened", store_id=str(STORE)), event()))
    sequence_new_events()
    shown = client_of(colleague).get(FEED).json()["results"]
    assert [one["type"] for one in shown] == ["ext.till.opened"]
