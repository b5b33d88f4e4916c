"""What the messages say, in both languages, and that nothing in them is left in the other one."""

import gettext
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.roles import Role
from couriers.tests.factories import make_courier
from notifications.channels.base import Text
from notifications.composing import compose
from notifications.kinds import TERMS, Channel, Kind
from notifications.models import Notification
from notifications.recipients import key_of_token
from notifications.tests.conftest import CATALOGUE
from notifications.tests.factories import make_dead_letter, make_notification
from orders.models import Order
from orders.services.requests import Contact
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_product, make_store, make_user
from payments.tests.factories import make_payment_in_review

pytestmark = pytest.mark.django_db

LETTERS = [(kind, channel) for kind, terms in TERMS.items() for channel in terms.channels]
NB = "\N{NO-BREAK SPACE}"


def an_order(**fields: Any) -> Order:
    store = make_store(name="Café Mitte", delivery_base_fee=Decimal("2.50"), time_zone="Europe/Berlin")
    product = make_product(store, name="Soup & Bread <hot>", price="1200.00")
    order = make_order(product=product, quantity=2, tip=Decimal("1.00"), **fields)
    Order.objects.filter(pk=order.pk).update(estimated_ready_at=datetime(2026, 6, 1, 16, 45, tzinfo=UTC))
    return Order.objects.get(pk=order.pk)


def data_of(kind: Kind) -> dict[str, Any]:
    if kind == Kind.STOCK_LOW:
        return {"product_id": str(make_product(stock=2, low_stock_threshold=5).id)}
    if kind == Kind.PAYMENT_REVIEW:
        return {"payment_id": str(make_payment_in_review(captured="1.00").id)}
    if kind == Kind.DEAD_LETTERS:
        make_dead_letter("webhook:1")
        return {"destination": "webhook:1", "event_type": "order.paid", "reason": "ConnectError"}
    if kind == Kind.ENDPOINT_DISABLED:
        return {"host": "hooks.example.com", "reason": "410"}
    return {"amount": "12.50", "currency": "EUR", "courier_id": str(uuid4()), "reason": "requested"}


def letter(kind: Kind, channel: Channel = Channel.EMAIL, *, language: str = "en", **order: Any) -> Text:
    return compose(
        make_notification(kind, channel=channel, language=language, order=an_order(**order), data=data_of(kind))
    )


@pytest.mark.parametrize(("kind", "channel"), LETTERS)
def test_every_message_is_whole_in_both_languages(kind: Kind, channel: Channel, untranslated: list[str]) -> None:
    english, german = letter(kind, channel), letter(kind, channel, language="de")

    assert untranslated == []
    for text in (english, german):
        assert text.body.strip()
        assert "%(" not in f"{text.subject}{text.body}{text.html}"
        assert "None" not in f"{text.subject}{text.body}{text.html}"
    if channel == Channel.EMAIL:
        assert english.subject != german.subject
        assert ('<html lang="en">' in english.html, '<html lang="de">' in german.html) == (True, True)
        assert "Choose what you are told" in english.body
        assert "Benachrichtigungen einstellen" in german.body


def test_a_confirmation_says_what_comes_when_and_for_how_much() -> None:
    text = letter(Kind.ORDER_CONFIRMED)
    order = Order.objects.get()

    assert text.subject == f"Order {order.number} is confirmed"
    body, _, foot = text.body.partition("-- \n")
    assert body == (
        "Hello Ada,\n\n"
        "Your order is confirmed\n\n"
        "Café Mitte has taken on your order and is preparing it.\n\n"
        "It should be ready at about 18:45.\n\n"
        f"Order {order.number}\n"
        f"  2 × Soup & Bread <hot>: 2,400.00{NB}EUR\n"  # noqa: RUF001
        f"  Delivery: 2.50{NB}EUR\n"
        f"  Tip: 1.00{NB}EUR\n"
        f"  Total: 2,403.50{NB}EUR\n\n"
        f"Follow your order: http://127.0.0.1:8000/track/{order.tracking_token}/\n\n"
    )
    assert foot.startswith("You get this because of your order from Café Mitte.\nChoose what you are told: http")


def test_a_german_confirmation_writes_amounts_and_times_the_german_way() -> None:
    text = letter(Kind.ORDER_CONFIRMED, language="de")

    assert text.subject == f"Bestellung {Order.objects.get().number} ist bestätigt"
    assert "Sie dürfte gegen 18:45 Uhr fertig sein." in text.body
    assert f"  Summe: 2.403,50{NB}EUR\n" in text.body
    assert f"  Lieferung: 2,50{NB}EUR\n" in text.body


def test_html_says_the_same_and_shows_what_people_typed_as_text() -> None:
    text = letter(Kind.ORDER_CONFIRMED, contact=Contact(name="<b>Ada</b>", email="ada@example.com"))

    assert "Soup &amp; Bread &lt;hot&gt;" in text.html
    assert "&lt;b&gt;Ada&lt;/b&gt;" in text.html
    assert "<b>" not in text.html
    assert f"2,403.50{NB}EUR" in text.html
    assert Order.objects.get().tracking_path in text.html


def test_html_loads_nothing_from_anywhere() -> None:
    html = letter(Kind.DELIVERED).html

    assert re.findall(r"(?:src|background)=|url\(|@import|<link|<script", html) == []


def test_cash_and_pin_are_mentioned_where_they_are_asked_for() -> None:
    text = letter(Kind.ON_ITS_WAY, payment_method=PaymentMethod.CASH)
    assert f"Please have 2,403.50{NB}EUR in cash ready at the door." in text.body

    order = Order.objects.get()
    Order.objects.update(pin="1234")
    text = compose(make_notification(Kind.ON_ITS_WAY, order=Order.objects.get(pk=order.pk)))
    assert "you are asked for your PIN" in text.body
    assert "1234" not in text.body


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("expired", "It was not paid in time, so nothing will be delivered."),
        ("payment_failed", "The payment did not succeed, so nothing will be delivered."),
        ("requested", "If you have paid, the store refunds what is due to you; you get a message when it has."),
    ],
)
def test_a_cancellation_says_why_and_what_becomes_of_the_money(reason: str, told: str) -> None:
    text = compose(make_notification(Kind.CANCELLED, order=an_order(), data={"reason": reason}))

    assert told in text.body


def test_messages_to_staff_and_couriers_name_no_customer() -> None:
    for kind in (Kind.ASSIGNMENT_GIVEN, Kind.PAYMENT_REVIEW, Kind.COURIER_NOT_FOUND):
        order = an_order()
        text = compose(make_notification(kind, order=order, data=data_of(kind), address="staff@example.com"))
        for private in (order.contact_name, order.contact_phone, order.contact_email, order.dropoff_address):
            assert private not in f"{text.subject}{text.body}{text.html}", kind


def test_messages_to_staff_lead_to_the_page_where_something_can_be_done() -> None:
    order = an_order()
    text = compose(make_notification(Kind.COURIER_NOT_FOUND, order=order))

    assert f"Open the order: http://127.0.0.1:8000/admin/orders/order/{order.id}/change/" in text.body


def test_only_owners_who_use_the_console_are_sent_there() -> None:
    for role, is_sent in ((Role.INTEGRATOR, False), (Role.ADMIN, True)):
        owner = make_user(role)
        row = make_notification(Kind.ENDPOINT_DISABLED, user=owner, data=data_of(Kind.ENDPOINT_DISABLED))
        assert ("/admin/" in compose(row).body) is is_sent


def test_mail_programs_can_unsubscribe_with_one_post() -> None:
    row = make_notification(Kind.DELIVERED, order=an_order())
    headers = compose(row).headers

    link = re.fullmatch(r"<http://127\.0\.0\.1:8000/notifications/([^/]+)/>", headers["List-Unsubscribe"])
    assert link is not None
    assert key_of_token(link[1]) == row.recipient
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"] == f"<{row.id}@127.0.0.1>"


def test_a_line_break_in_a_name_does_not_get_into_the_headers() -> None:
    product = make_product(name="Soup\nBcc: everybody@example.com", stock=1, low_stock_threshold=5)
    text = compose(make_notification(Kind.STOCK_LOW, data={"product_id": str(product.id)}))

    assert text.subject == "Running low: Soup Bcc: everybody@example.com"


def test_composing_asks_no_more_for_many_lines(django_assert_num_queries: Any) -> None:
    make_notification(Kind.DELIVERED, order=an_order())
    row = Notification.objects.with_content().get()

    with django_assert_num_queries(0):
        compose(row)


def test_a_courier_reads_where_to_fetch_the_order() -> None:
    order, courier = an_order(), make_courier()
    text = compose(make_notification(Kind.ASSIGNMENT_GIVEN, order=order, user=courier.user))

    assert f"Fetch it at: Café Mitte, {order.store.address}" in text.body
    assert order.created_at <= timezone.now()


def entries(po: str) -> dict[str, str]:
    """What a .po file translates."""
    found = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"(?:\n|\Z))+)', po, flags=re.MULTILINE)
    joined = [tuple("".join(re.findall(r'"(.*)"', part)) for part in pair) for pair in found]
    return {source.replace('\\"', '"'): target.replace('\\"', '"') for source, target in joined}


def test_the_compiled_catalogue_is_that_of_the_source_and_whole() -> None:
    """After a change: `make messages`."""
    written = entries((CATALOGUE / "django.po").read_text(encoding="utf-8"))
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    del written[""], compiled[""]

    assert compiled == written
    assert [source for source, target in written.items() if not target] == []
    assert len(written) > 80


def test_a_translation_fills_in_what_its_source_does() -> None:
    written = entries((CATALOGUE / "django.po").read_text(encoding="utf-8"))
    slots = re.compile(r"%\((\w+)\)s")

    assert [s for s, t in written.items() if set(slots.findall(s)) != set(slots.findall(t))] == []
