"""Choosing what one is told: by API, and by the page behind the link in every message."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role
from notifications.composing import settings_url
from notifications.kinds import Channel, Kind, Option, options_for
from notifications.models import Notification, Preferences, State
from notifications.recipients import key_of_account, key_of_contact, token_for
from notifications.services.choosing import NO_LONGER_WANTED, change_preferences
from notifications.tests.factories import ADA, make_notification
from orders.tests.factories import make_user

pytestmark = pytest.mark.django_db

URL = "/api/v2/notification-preferences/me"
SMS_ON_ITS_WAY = {"kind": "on_its_way", "channel": "sms", "is_wanted": True}


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def wanted(answer: Any) -> set[str]:
    return {f"{choice['kind']}.{choice['channel']}" for choice in answer.json()["choices"] if choice["is_wanted"]}


@pytest.fixture
def customer() -> User:
    return make_user()


def test_before_anything_is_chosen_all_mails_and_no_sms_are_on(customer: User) -> None:
    answer = client_of(customer).get(URL)

    assert (answer.status_code, answer.headers["ETag"], answer.json()["language"]) == (200, '"1"', None)
    assert wanted(answer) == {
        "order_confirmed.email", "courier_assigned.email", "on_its_way.email", "delivered.email", "cancelled.email",
        "refunded.email",
    }  # fmt: skip
    assert Preferences.objects.count() == 0


def test_choices_are_kept_and_what_is_not_named_stays(customer: User) -> None:
    client = client_of(customer)
    answer = client.patch(URL, {"language": "de", "choices": [SMS_ON_ITS_WAY]}, format="json")
    assert (answer.status_code, answer.headers["ETag"], answer.json()["language"]) == (200, '"2"', "de")
    assert "on_its_way.sms" in wanted(answer)

    declined = {"kind": "delivered", "channel": "email", "is_wanted": False}
    client.patch(URL, {"choices": [declined]}, format="json", headers={"If-Match": '"2"'})

    after = client.get(URL)
    assert after.json()["language"] == "de"
    assert "on_its_way.sms" in wanted(after)
    assert "delivered.email" not in wanted(after)
    row = Preferences.objects.get()
    assert (row.user_id, row.recipient, row.version) == (customer.id, key_of_account(customer.id), 3)


def test_a_stale_change_is_refused(customer: User) -> None:
    client = client_of(customer)
    client.patch(URL, {"language": "de"}, format="json")

    answer = client.patch(URL, {"language": "en"}, format="json", headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert Preferences.objects.get().language == "de"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"choices": [{"kind": "stock_low", "channel": "email", "is_wanted": True}]}, "/choices", "not_offered"),
        ({"choices": [{"kind": "delivered", "channel": "sms", "is_wanted": True}]}, "/choices", "not_offered"),
        ({"choices": [{"kind": "news", "channel": "sms", "is_wanted": True}]}, "/choices/0/kind", "invalid_choice"),
        ({"language": "tlh"}, "/language", "invalid_choice"),
        ({"recipient": "contact:1"}, "/recipient", "unknown_field"),
    ],
)
def test_what_is_not_offered_is_refused(customer: User, body: dict[str, Any], pointer: str, code: str) -> None:
    answer = client_of(customer).patch(URL, body, format="json")

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert Preferences.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.COURIER, {"assignment_given"}),
        (Role.STORE_STAFF, {"stock_low", "payment_review", "courier_not_found"}),
    ],
)
def test_everybody_chooses_of_what_they_can_be_told(role: Role, kinds: set[str]) -> None:
    answer = client_of(make_user(role)).get(URL)

    assert {choice["kind"] for choice in answer.json()["choices"]} == kinds


def test_what_waits_and_is_not_wanted_any_more_is_not_sent() -> None:
    key = key_of_contact(ADA)
    declined = make_notification(Kind.DELIVERED, recipient=key)
    kept = make_notification(Kind.CANCELLED, recipient=key)
    elsewhere = make_notification(Kind.DELIVERED)

    change_preferences(key, choices={Option(Kind.DELIVERED, Channel.EMAIL): False})

    rows = Notification.objects.in_bulk()
    assert (rows[declined.pk].state, rows[declined.pk].error) == (State.SKIPPED, NO_LONGER_WANTED)
    assert {rows[kept.pk].state, rows[elsewhere.pk].state} == {State.PENDING}


# The page behind the link


def page_of(key: str) -> str:
    return settings_url(key).removeprefix("http://127.0.0.1:8000")


def test_the_page_shows_and_keeps_the_choices_of_somebody_without_an_account() -> None:
    key, client = key_of_contact(ADA), Client(enforce_csrf_checks=True)
    page = client.get(page_of(key))
    assert page.status_code == 200
    assert page.text.count("checked") == 6
    assert ADA not in page.text

    saved = client.post(page_of(key), {"wanted": ["delivered.email", "on_its_way.sms"], "language": "de"})

    assert saved.status_code == 200
    assert "Gespeichert." in saved.text
    row = Preferences.objects.get()
    assert (row.recipient, row.user, row.language) == (key, None, "de")
    assert {option.key for option in options_for(None) if row.wants(option)} == {"delivered.email", "on_its_way.sms"}


def test_the_page_is_whole_in_german(untranslated: list[str]) -> None:
    for role in (Role.COURIER, Role.ADMIN):
        key = key_of_account(make_user(role).id)
        change_preferences(key, language="de")

        assert "Wählen Sie, worüber Sie benachrichtigt werden möchten" in Client().get(page_of(key)).text
    assert untranslated == []


def test_opening_the_link_changes_nothing() -> None:
    """Mail programs and virus scanners open links."""
    Client().get(page_of(key_of_contact(ADA)))

    assert Preferences.objects.count() == 0


def test_unsubscribing_with_one_click_stops_all_mails_and_nothing_else() -> None:
    key = key_of_contact(ADA)
    change_preferences(key, choices={Option(Kind.ON_ITS_WAY, Channel.SMS): True})

    answer = Client(enforce_csrf_checks=True).post(page_of(key), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    row = Preferences.objects.get()
    assert {option.key for option in options_for(None) if row.wants(option)} == {"on_its_way.sms"}


def test_the_button_for_no_mails_at_all_does_the_same() -> None:
    key = key_of_account(make_user(Role.DISPATCHER).id)

    Client().post(page_of(key), {"stop": "1", "wanted": ["delivered.email"]})

    row = Preferences.objects.get()
    assert [option.key for option in options_for(Role.DISPATCHER) if row.wants(option)] == []


def test_a_link_that_is_not_ours_leads_nowhere() -> None:
    token = token_for(key_of_contact(ADA))

    for spoiled in (token[:-1], token.replace("contact", "user"), "x", token.partition("~")[0]):
        assert Client().post(f"/notifications/{spoiled}/", {"stop": "1"}).status_code == 404
    assert Preferences.objects.count() == 0


def test_the_page_of_an_account_that_is_gone_is_not_known() -> None:
    user = make_user()
    key = key_of_account(user.id)
    user.delete()

    assert Client().get(page_of(key)).status_code == 404


def test_the_link_goes_into_no_cache_and_no_search_engine() -> None:
    headers = Client().get(page_of(key_of_contact(ADA))).headers

    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "form-action 'self'" in headers["Content-Security-Policy"]


def test_a_choice_that_was_tampered_with_changes_nothing() -> None:
    Client().post(page_of(key_of_contact(ADA)), {"wanted": ["stock_low.email"], "language": "de"})

    assert Preferences.objects.count() == 0
