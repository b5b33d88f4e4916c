from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import buttons, press, queries_of, signed_in, told
from accounts.tests.factories import make_user
from events.models import DeliveryState, Event, EventDelivery, WebhookAttempt, WebhookEndpoint
from events.tests.webhooks import make_endpoint, make_webhook, states

pytestmark = pytest.mark.django_db

ENDPOINTS = "/admin/events/webhookendpoint/"
DELIVERIES = "/admin/events/eventdelivery/"


@pytest.fixture
def admin() -> Client:
    return signed_in(make_user(Role.ADMIN))


def page_of(client: Client, endpoint: WebhookEndpoint) -> str:
    return f"{ENDPOINTS}{endpoint.pk}/change/"


def test_the_list_tells_who_is_well_and_who_is_not(admin: Client) -> None:
    owner = make_user(Role.INTEGRATOR, name="Shop")
    well = make_endpoint("https://a.example.com/", owner=owner, last_success_at=timezone.now())
    ill = make_endpoint("https://b.example.com/", owner=owner, failing_since=timezone.now() - timedelta(days=2))
    off = make_endpoint("https://c.example.com/", owner=owner, is_active=False)
    make_endpoint("https://d.example.com/", owner=owner, is_active=False, retired_at=timezone.now())
    for state in ("pending", "pending", "dead"):
        make_webhook(ill, state=state)

    def shown(query: str = "") -> list[object]:
        return [endpoint.pk for endpoint in admin.get(f"{ENDPOINTS}{query}").context["cl"].result_list]

    assert shown() == [off.pk, ill.pk, well.pk]
    assert shown("?health=failing") == [ill.pk]
    assert shown("?health=inactive") == [off.pk]
    assert len(shown("?health=removed")) == 1
    page = admin.get(ENDPOINTS)
    numbers = {row.pk: (row.number_waiting, row.number_dead) for row in page.context["cl"].result_list}
    assert numbers == {well.pk: (0, 0), ill.pk: (2, 1), off.pk: (0, 0)}
    for text in ("Healthy", "Failing", "Not active"):
        assert text in page.content.decode()


def test_the_list_asks_no_more_for_many_rows_than_for_few(admin: Client) -> None:
    make_webhook(make_endpoint())
    few = queries_of(admin, ENDPOINTS), queries_of(admin, DELIVERIES)
    for _ in range(20):
        make_webhook(make_endpoint())
    assert (queries_of(admin, ENDPOINTS), queries_of(admin, DELIVERIES)) == few


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.STORE_STAFF])
def test_endpoints_are_for_administrators(role: Role) -> None:
    endpoint = make_endpoint()
    client = signed_in(make_user(role))
    assert client.get(ENDPOINTS).status_code == 403
    assert client.get(f"{ENDPOINTS}{endpoint.pk}/change/").status_code == 403
    for move in ("ping", "rotate", "disable", "enable"):
        assert client.post(f"{ENDPOINTS}{endpoint.pk}/move/{move}/").status_code == 403
    endpoint.refresh_from_db()
    assert (endpoint.version, Event.objects.count()) == (1, 0)


def test_no_page_shows_a_secret(admin: Client) -> None:
    endpoint = make_endpoint(previous_secret="whsec_before")
    for url in (ENDPOINTS, page_of(admin, endpoint)):
        text = admin.get(url).content.decode()
        assert endpoint.secret not in text
        assert "whsec_" not in text


def test_a_new_secret_is_shown_once_and_kept_out_of_the_history(admin: Client) -> None:
    endpoint = make_endpoint()
    answer = press(admin, admin.get(page_of(admin, endpoint)), "rotate")
    endpoint.refresh_from_db()
    assert told(answer) == [
        f"The new secret, shown only now: {endpoint.secret}",
        "It has a new secret; the old one signs too for a day.",
    ]
    assert endpoint.secret not in admin.get(page_of(admin, endpoint)).content.decode()
    assert [entry for entry in LogEntry.objects.all() if "whsec_" in entry.change_message] == []


def test_an_endpoint_is_pinged_switched_off_and_on(admin: Client) -> None:
    endpoint = make_endpoint()
    page = admin.get(page_of(admin, endpoint))
    assert buttons(page) == ["ping", "disable", "rotate"]
    press(admin, page, "ping")
    assert Event.objects.get().subject_id == endpoint.pk
    off = press(admin, page, "disable")
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "switched off")
    assert buttons(off) == ["enable", "rotate"]
    on = press(admin, off, "enable")
    assert told(on) == ["It is sent to again."]
    assert WebhookEndpoint.objects.values_list("is_active", "disabled_reason").get() == (True, "")


def test_a_page_that_is_out_of_date_changes_nothing(admin: Client) -> None:
    endpoint = make_endpoint()
    page = admin.get(page_of(admin, endpoint))
    WebhookEndpoint.objects.update(version=2)
    answer = press(admin, page, "disable")
    assert "It has changed since you opened the page" in told(answer)[0]
    endpoint.refresh_from_db()
    assert endpoint.is_active


def make_attempt(delivery: EventDelivery, **fields: object) -> None:
    WebhookAttempt.objects.create(
        delivery=delivery, number=1, started_at=timezone.now(), duration_ms=1234, **{"status_code": 500, **fields}
    )


def test_a_delivery_shows_its_attempts_with_what_was_said(admin: Client) -> None:
    delivery = make_webhook(make_endpoint(), attempts=1, last_error="answered 500")
    make_attempt(delivery, request_excerpt='{"id":1}', response_excerpt="<script>alert(1)</script>")
    text = admin.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert "answered 500" in text
    assert "1,234 ms" in text
    assert "{&quot;id&quot;:1}" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text


@pytest.mark.parametrize("state", DeliveryState.values)
def test_a_webhook_is_sent_again_whatever_became_of_it(state: str) -> None:
    dispatcher = signed_in(make_user(Role.DISPATCHER))
    endpoint = make_endpoint()
    delivered_at = timezone.now() if state == "delivered" else None
    delivery = make_webhook(endpoint, state=state, attempts=7, delivered_at=delivered_at)
    page = dispatcher.get(f"{DELIVERIES}{delivery.pk}/change/")
    assert "resend" in buttons(page)
    assert told(press(dispatcher, page, "resend")) == ["It is sent again."]
    assert states(endpoint) == [("pending", 0)]


def test_nothing_is_sent_again_to_an_endpoint_that_is_not_active(admin: Client) -> None:
    endpoint = make_endpoint(is_active=False)
    delivery = make_webhook(endpoint, state="dead", attempts=7)
    answer = press(admin, admin.get(f"{DELIVERIES}{delivery.pk}/change/"), "resend")
    assert told(answer) == ["Nothing is sent to an endpoint that is not active."]
    assert states(endpoint) == [("dead", 7)]


def test_the_deliveries_of_one_endpoint_are_shown_by_its_page_s_link(admin: Client) -> None:
    endpoint = make_endpoint()
    wanted = make_webhook(endpoint)
    make_webhook(make_endpoint())
    ((_, url),) = admin.get(page_of(admin, endpoint)).context["links"]
    assert [row.pk for row in admin.get(url).context["cl"].result_list] == [wanted.pk]
    of_nobody = admin.get(DELIVERIES, {"destination": f"webhook:{uuid4()}"})
    assert list(of_nobody.context["cl"].result_list) == []
