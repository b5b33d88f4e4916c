from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.reach import answers_stores_of
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from api.identifiers import uuid7
from events.models import Event, EventDelivery, WebhookEndpoint
from events.services.sequencing import sequence_new_events
from events.tests.receivers import receiver
from events.tests.webhooks import happen, make_endpoint, states
from events.webhooks.sending import Sender

pytestmark = pytest.mark.django_db

ENDPOINTS = "/api/v2/webhook-endpoints"
URL = "https://shop.example.com/hooks"
NOBODY = uuid7()


@pytest.fixture
def shop() -> User:
    return make_user(Role.INTEGRATOR)


@pytest.fixture
def client(shop: User) -> JsonClient:
    return client_of(shop)


def create(client: JsonClient, **fields: Any) -> Any:
    return client.post(ENDPOINTS, {"url": URL, **fields}, headers={"Idempotency-Key": str(uuid4())})


def test_a_new_endpoint_shows_its_secret_once(client: JsonClient, shop: User) -> None:
    answer = create(client, description="Shop", event_types=["order.*", "ext.*", "ext.shop.seen", "order.*"])

    body = answer.json()
    endpoint = WebhookEndpoint.objects.get()
    assert (answer.status_code, answer["Location"], answer["ETag"]) == (201, f"{ENDPOINTS}/{endpoint.id}", '"1"')
    assert body["secret"] == endpoint.secret
    assert body["secret"].startswith("whsec_")
    assert (endpoint.owner, endpoint.url, endpoint.description) == (shop, URL, "Shop")
    assert body["event_types"] == endpoint.event_types == ["order.*", "ext.*", "ext.shop.seen"]
    shown = client.get(answer["Location"]).json()
    assert shown == {name: value for name, value in body.items() if name != "secret"}
    assert client.get(ENDPOINTS).json()["results"] == [shown]


def test_a_repeated_request_makes_one_endpoint_and_gets_its_secret_again(client: JsonClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = client.post(ENDPOINTS, {"url": URL}, headers=headers)
    again = client.post(ENDPOINTS, {"url": URL}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        pytest.param({"event_types": ["order.paid", "order.payed"]}, "/event_types/1", "unknown_event_type", id="typo"),
        pytest.param({"event_types": ["orders.*"]}, "/event_types/0", "unknown_event_type", id="unknown family"),
        pytest.param({"event_types": ["*"]}, "/event_types/0", "invalid", id="a star"),
        pytest.param({"store_ids": [str(NOBODY)]}, "/store_ids/0", "store_not_found", id="somebody else's store"),
        pytest.param({"url": "ftp://example.com/"}, "/url", "address_refused", id="address"),
        pytest.param({"secret": "whsec_mine"}, "/secret", "unknown_field", id="a secret of one's own"),
        pytest.param({"owner_id": str(NOBODY)}, "/owner_id", "unknown_field", id="another owner"),
        pytest.param({"is_active": True}, "/is_active", "unknown_field", id="is active anyway"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_the_place(
    client: JsonClient, fields: dict[str, Any], pointer: str, code: str
) -> None:
    answer = create(client, **fields)
    assert answer.status_code == 400
    assert [(problem["pointer"], problem["code"]) for problem in answer.json()["errors"]] == [(pointer, code)]
    assert WebhookEndpoint.objects.count() == 0


def test_stores_are_those_the_owner_acts_for(shop: User, client: JsonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.reach._answers", [])
    mine = uuid7()
    answers_stores_of(lambda users: {shop.pk: frozenset({mine})})
    assert create(client, store_ids=[str(mine)]).status_code == 201
    refused = create(client, store_ids=[str(mine), str(NOBODY)])
    assert refused.json()["errors"][0]["pointer"] == "/store_ids/1"
    assert create(client_of(make_user(Role.ADMIN)), store_ids=[str(NOBODY)]).status_code == 201


def test_an_owner_has_a_bounded_number_of_endpoints(client: JsonClient, shop: User, settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_PER_OWNER = 2
    make_endpoint()
    gone = make_endpoint(owner=shop, retired_at=timezone.now(), is_active=False)
    assert [create(client).status_code for _ in range(3)] == [201, 201, 409]
    assert create(client).json()["code"] == "webhook_endpoint_limit_reached"
    assert WebhookEndpoint.objects.filter(owner=shop).exclude(pk=gone.pk).count() == 2


def test_a_change_names_the_version_it_is_based_on(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop)
    path = f"{ENDPOINTS}/{endpoint.id}"
    assert client.patch(path, {"description": "x"}).status_code == 428
    changed = client.send("PATCH", path, {"description": "New", "event_types": ["stock.low"]}, version=1)
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    assert client.send("PATCH", path, {"description": "Newer"}, version=1).status_code == 412
    refused = client.send("PATCH", path, {"url": "https://127.0.0.1/"}, version=2)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/url")
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.event_types, endpoint.version) == ("New", ["stock.low"], 2)
    assert endpoint.url == "https://hooks.example.com/"


def test_a_deleted_endpoint_is_gone_and_gets_nothing(client: JsonClient, shop: User, sender: Sender) -> None:
    endpoint = make_endpoint(owner=shop)
    happen(publisher_id=shop.pk)
    assert client.delete(f"{ENDPOINTS}/{endpoint.id}").status_code == 204
    assert client.get(f"{ENDPOINTS}/{endpoint.id}").status_code == 404
    assert client.delete(f"{ENDPOINTS}/{endpoint.id}").status_code == 404
    happen(publisher_id=shop.pk)
    sender.run()
    assert list(endpoint.deliveries.values_list("state", "attempts", "last_error")) == [
        ("dead", 0, "the endpoint was removed")
    ]


def test_a_ping_is_for_one_endpoint_only(client: JsonClient, shop: User, sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url, owner=shop, event_types=["stock.low"])
        other = make_endpoint(there.url, owner=shop)
        answer = client.post(f"{ENDPOINTS}/{endpoint.id}/ping")
        sequence_new_events()
        sender.run()
    assert answer.status_code == 202
    assert there.ids == [answer.json()["event_id"]]
    assert b'"type":"webhook_endpoint.pinged"' in there.received[0].body
    assert states(endpoint) == [("delivered", 1)]
    assert states(other) == []


def test_an_endpoint_that_is_not_active_cannot_be_pinged(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop, is_active=False, disabled_reason="the receiver answered 410 Gone")
    answer = client.post(f"{ENDPOINTS}/{endpoint.id}/ping")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_endpoint_inactive")
    assert answer.json()["disabled_reason"] == "the receiver answered 410 Gone"
    assert Event.objects.count() == 0


def test_a_new_secret_leaves_the_old_one_a_day(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop)
    before = timezone.now()
    answer = client.post(f"{ENDPOINTS}/{endpoint.id}/rotate-secret")
    old = endpoint.secret
    endpoint.refresh_from_db()
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert answer.json()["secret"] == endpoint.secret != old
    assert endpoint.previous_secret == old
    assert endpoint.previous_secret_expires_at is not None
    assert endpoint.previous_secret_expires_at - before == pytest.approx(timedelta(days=1), abs=timedelta(minutes=1))
    stale = client.post(f"{ENDPOINTS}/{endpoint.id}/rotate-secret", headers={"If-Match": '"1"'})
    assert stale.status_code == 412


def test_the_log_shows_each_delivery_with_its_attempts(client: JsonClient, shop: User, sender: Sender) -> None:
    with receiver(lambda visit: visit.answer(500, b"oh")) as there:
        endpoint = make_endpoint(there.url, owner=shop)
        event = happen("order.paid", publisher_id=shop.pk)
        sender.run()
    (shown,) = client.get(f"{ENDPOINTS}/{endpoint.id}/deliveries").json()["results"]
    delivery = EventDelivery.objects.get(endpoint=endpoint)
    assert shown["id"] == str(delivery.id)
    assert (shown["event_id"], shown["event_type"], shown["event_sequence"]) == (str(event.event_id), "order.paid", 1)
    assert (shown["state"], shown["last_error"], shown["delivered_at"]) == ("pending", "answered 500", None)
    (attempt,) = shown["attempts"]
    assert (attempt["number"], attempt["status_code"], attempt["response_excerpt"]) == (1, 500, "oh")
    assert attempt["request_excerpt"] == there.received[0].body.decode()


def test_the_log_is_filtered(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop)
    for event_type in ("order.created", "order.paid", "order.paid"):
        happen(event_type, publisher_id=shop.pk)
    newest = endpoint.deliveries.order_by("-id").first()
    assert newest is not None
    EventDelivery.objects.filter(pk=newest.pk).update(state="dead")

    def found(**query: Any) -> int:
        answer = client.get(f"{ENDPOINTS}/{endpoint.id}/deliveries", query)
        assert answer.status_code == 200, answer.content
        return len(answer.json()["results"])

    assert found() == 3
    assert found(state="dead") == 1
    assert found(state=["dead", "pending"]) == 3
    assert found(event_type="order.paid") == 2
    assert found(event_type=["order.paid", "order.created"]) == 3
    assert found(created_after=(timezone.now() + timedelta(hours=1)).isoformat()) == 0
    assert found(created_before=(timezone.now() + timedelta(hours=1)).isoformat()) == 3
    assert client.get(f"{ENDPOINTS}/{endpoint.id}/deliveries", {"status": "dead"}).status_code == 400


def test_what_was_delivered_goes_out_again_under_the_same_id(client: JsonClient, shop: User, sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url, owner=shop)
        happen(publisher_id=shop.pk)
        sender.run()
        delivery = endpoint.deliveries.get()
        answer = client.post(f"/api/v2/webhook-deliveries/{delivery.id}/resend")
        sender.run()
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert len(there.ids) == 2
    assert len(set(there.ids)) == 1
    assert list(delivery.log.order_by("id").values_list("number", "status_code")) == [(1, 200), (2, 200)]
    assert states(endpoint) == [("delivered", 1)]


def test_what_is_being_sent_is_not_sent_beside_that(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop)
    happen(publisher_id=shop.pk)
    until = timezone.now() + timedelta(seconds=30)
    endpoint.deliveries.update(leased_until=until, attempts=1)
    delivery = endpoint.deliveries.get()
    assert client.post(f"/api/v2/webhook-deliveries/{delivery.id}/resend").status_code == 202
    assert list(endpoint.deliveries.values_list("leased_until", "attempts")) == [(until, 1)]


def test_nothing_is_sent_again_to_an_endpoint_that_is_not_active(client: JsonClient, shop: User) -> None:
    endpoint = make_endpoint(owner=shop)
    happen(publisher_id=shop.pk)
    endpoint.deliveries.update(state="dead", last_error="answered 500")
    WebhookEndpoint.objects.update(is_active=False)
    answer = client.post(f"/api/v2/webhook-deliveries/{endpoint.deliveries.get().id}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_endpoint_inactive")
    assert states(endpoint) == [("dead", 0)]


def test_a_delivery_to_a_handler_of_ours_is_none_of_theirs() -> None:
    endpoint = make_endpoint()
    happen()
    endpoint.deliveries.update(endpoint=None, destination="shop.bell")
    delivery = EventDelivery.objects.get()
    answer = client_of(make_user(Role.ADMIN)).post(f"/api/v2/webhook-deliveries/{delivery.id}/resend")
    assert (answer.status_code, answer.json()["code"]) == (404, "webhook_delivery_not_found")
