"""The Admin pages: who was told what, how it looks, and having it sent again."""

import html
import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, filled, press, queries_of, signed_in, told
from notifications.kinds import Channel, Kind, Option
from notifications.models import Notification, Preferences, State
from notifications.recipients import key_of_account, key_of_contact
from notifications.services.choosing import change_preferences
from notifications.services.sending import send_due
from notifications.tests.factories import ADA, make_notification, state_of
from orders.tests.factories import make_order, make_product, make_user

pytestmark = pytest.mark.django_db

ROWS, CHOICES = "/admin/notifications/notification/", "/admin/notifications/preferences/"
REFUND = {"amount": "1.00", "currency": "EUR"}


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


@pytest.fixture
def admin_client() -> Client:
    return signed_in(make_user(Role.ADMIN))


def found(client: Client, query: str) -> set[object]:
    return {row.pk for row in client.get(f"{ROWS}?q={query}").context["cl"].result_list}


def test_an_uncertain_message_is_sent_again_by_a_button(dispatcher: Client) -> None:
    row = make_notification(Kind.REFUNDED, data=REFUND, state=State.UNCERTAIN, error="The worker ended.")
    page = dispatcher.get(f"{ROWS}{row.pk}/change/")
    assert buttons(page) == ["send-again"]

    answer = press(dispatcher, page, "send-again")

    assert told(answer) == ["1 notification is sent again."]
    assert buttons(answer) == []
    assert send_due() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.SENT])
def test_what_is_on_its_way_or_has_arrived_cannot_be_sent_again(dispatcher: Client, state: State) -> None:
    row = make_notification(Kind.REFUNDED, data=REFUND)
    changes = {"sent_at": row.created_at} if state == State.SENT else {}
    Notification.objects.update(state=state, **changes)

    assert buttons(dispatcher.get(f"{ROWS}{row.pk}/change/")) == []
    dispatcher.post(f"{ROWS}{row.pk}/move/send-again/")
    assert state_of(row) == state


def test_the_selected_ones_are_sent_again(dispatcher: Client) -> None:
    failed = [make_notification(Kind.REFUNDED, data=REFUND, state=State.FAILED) for _ in range(2)]
    skipped_for_good = make_notification(Kind.REFUNDED, data=REFUND, state=State.SKIPPED, address="")
    selected = [row.pk for row in (*failed, skipped_for_good)]

    answer = dispatcher.post(
        ROWS, {"action": "send_selected_again", "_selected_action": selected}, follow=True
    )  # fmt: skip

    assert told(answer) == ["2 notifications are sent again."]
    assert [state_of(row) for row in failed] == [State.PENDING] * 2
    assert state_of(skipped_for_good) == State.SKIPPED


def test_the_message_is_shown_in_a_frame_that_may_do_nothing(dispatcher: Client) -> None:
    product = make_product(name="<script>alert(1)</script>")
    row = make_notification(Kind.DELIVERED, order=make_order(product=product))

    page = dispatcher.get(f"{ROWS}{row.pk}/change/").text

    (frame,) = re.findall(r"<iframe ([^>]*)>", page)
    assert frame.startswith('sandbox srcdoc="')
    shown = html.unescape(frame)
    assert "Your order is delivered" in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert(1)" not in page
    assert "/notifications/contact:" not in shown, "the key to the recipient's choices is not for staff"


def test_a_message_that_cannot_be_composed_has_a_page_all_the_same(dispatcher: Client) -> None:
    row = make_notification(Kind.REFUNDED, data={})

    assert "It cannot be composed: KeyError" in dispatcher.get(f"{ROWS}{row.pk}/change/").text


def test_a_message_is_found_by_its_order_its_event_and_its_recipient(dispatcher: Client) -> None:
    user = make_user()
    one = make_notification(Kind.DELIVERED, recipient=key_of_contact(ADA))
    other = make_notification(Kind.DELIVERED, recipient=key_of_account(user.id), user=user)
    assert one.order is not None

    for query in (one.order.number, str(one.order_id), str(one.event_id), str(one.pk), ADA.upper()):
        assert found(dispatcher, query) == {one.pk}
    assert found(dispatcher, user.email) == {other.pk}
    assert found(dispatcher, "nobody@example.com") == set()


def test_messages_are_filtered_by_state_and_kind(dispatcher: Client) -> None:
    failed = make_notification(Kind.REFUNDED, state=State.FAILED)
    make_notification(Kind.DELIVERED)

    for query in ("state__exact=failed", "kind__exact=refunded"):
        shown = dispatcher.get(f"{ROWS}?{query}").context["cl"].result_list
        assert [row.pk for row in shown] == [failed.pk]


def test_the_list_asks_no_more_for_many_rows(dispatcher: Client) -> None:
    make_notification(Kind.DELIVERED)
    few = queries_of(dispatcher, ROWS)
    for _ in range(10):
        make_notification(Kind.DELIVERED)

    assert queries_of(dispatcher, ROWS) == few


def test_administrators_change_what_somebody_is_told(admin_client: Client) -> None:
    key = key_of_contact(ADA)
    change_preferences(key, choices={Option(Kind.ON_ITS_WAY, Channel.SMS): True})
    row = Preferences.objects.get()
    page = admin_client.get(f"{CHOICES}{row.pk}/change/")

    form = filled(page, wanted=["delivered.email"], language="de")
    answer = admin_client.post(f"{CHOICES}{row.pk}/change/", form, follow=True)

    row.refresh_from_db()
    assert answer.status_code == 200
    assert (row.language, row.version) == ("de", 3)
    assert row.choices["delivered.email"] is True
    assert {key for key, is_wanted in row.choices.items() if is_wanted} == {"delivered.email"}


def test_a_form_that_somebody_overtook_changes_nothing(admin_client: Client) -> None:
    key = key_of_contact(ADA)
    change_preferences(key, language="de")
    row = Preferences.objects.get()
    page = admin_client.get(f"{CHOICES}{row.pk}/change/")
    change_preferences(key, choices={Option(Kind.ON_ITS_WAY, Channel.SMS): True})

    answer = admin_client.post(f"{CHOICES}{row.pk}/change/", filled(page, language="en"))

    assert "Somebody else saved" in errors_of(answer)[0]
    assert Preferences.objects.get().language == "de"


def test_choices_are_found_by_address_although_none_is_kept(admin_client: Client) -> None:
    user: User = make_user()
    change_preferences(key_of_contact(ADA), language="de")
    change_preferences(key_of_account(user.id), language="de")

    for address, recipient in ((ADA, key_of_contact(ADA)), (user.email, key_of_account(user.id))):
        shown = admin_client.get(f"{CHOICES}?q={address}").context["cl"].result_list
        assert [row.recipient for row in shown] == [recipient]
