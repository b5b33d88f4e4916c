"""The same news at the same moment, and two people who choose at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.roles import Role
from api.tests.waiting import PATIENCE_SECONDS, at_once
from api.transactions import in_transaction
from events.envelopes import Envelope, Subject
from notifications.handlers import alert_of_dead_letter, tell_customer
from notifications.kinds import CUSTOMER_KINDS, Channel, Option
from notifications.models import Notification, Preferences
from notifications.recipients import key_of_contact
from notifications.services import choosing
from notifications.services.choosing import change_preferences
from notifications.tests.factories import ADA, told
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

AT_ONCE = 10


@contextmanager
def without(constraint_name: str) -> Iterator[None]:
    constraint = next(c for c in Notification._meta.constraints if c.name == constraint_name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Notification, constraint)
    try:
        yield
    finally:
        Notification.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Notification, constraint)


def envelope(event_type: str, subject: Subject, data: dict[str, str] | None = None) -> Envelope:
    return Envelope(
        id=uuid4(),
        type=event_type,
        occurred_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
        sequence=1,
        subject=subject,
        store_id=None,
        correlation_id="trace",
        data=data or {},
    )


def confirmation(order: Order) -> Envelope:
    return envelope("order.confirmed", Subject("order", order.id, order.version))


def dead_letter() -> Envelope:
    data = {"destination": "webhook:1", "event_type": "order.paid", "reason": "ConnectError"}
    return envelope("event_delivery.dead", Subject("event_delivery", uuid4(), 6), data)


def test_an_event_handled_by_many_at_once_is_told_once() -> None:
    event = confirmation(make_confirmed_order())

    at_once([lambda: in_transaction(partial(tell_customer, event))] * AT_ONCE)

    assert told() == [("order_confirmed", "email", "pending")]


def test_without_its_constraint_it_would_be_told_as_often_as_it_is_handled() -> None:
    event = confirmation(make_confirmed_order())

    with without("notification_once"):
        at_once([lambda: in_transaction(partial(tell_customer, event))] * AT_ONCE)
        assert Notification.objects.count() == AT_ONCE


def storm() -> None:
    events = [dead_letter() for _ in range(AT_ONCE)]
    at_once([partial(in_transaction, partial(alert_of_dead_letter, event)) for event in events])


def test_a_storm_from_many_workers_is_one_message_for_each_recipient() -> None:
    people = {make_user(Role.DISPATCHER).id, make_user(Role.ADMIN).id}

    storm()

    assert sorted(Notification.objects.values_list("user_id", flat=True), key=str) == sorted(people, key=str)


def test_without_its_constraint_a_storm_would_be_a_storm_of_messages() -> None:
    make_user(Role.DISPATCHER)

    with without("notification_collapsed"):
        storm()
        assert Notification.objects.count() == AT_ONCE


MAILS = [Option(kind, Channel.EMAIL) for kind in CUSTOMER_KINDS]


def decline_each_at_once() -> set[str]:
    """What is declined when each kind of mail is declined by a request of its own, all at the same moment."""
    key = key_of_contact(ADA)
    at_once([partial(change_preferences, key, choices={option: False}) for option in MAILS])
    return {key for key, is_wanted in Preferences.objects.get().choices.items() if not is_wanted}


def test_choices_made_at_once_are_all_kept() -> None:
    assert decline_each_at_once() == {option.key for option in MAILS}


def test_without_the_lock_all_but_the_last_choice_are_lost() -> None:
    """The control: all read before anybody writes."""
    all_have_read = threading.Barrier(len(MAILS))
    change_preferences(key_of_contact(ADA), language="de")

    def read(recipient: str, *, user_id: UUID | None) -> Preferences:
        found = Preferences.objects.get(recipient=recipient)
        all_have_read.wait(PATIENCE_SECONDS)
        return found

    with patch.object(choosing, "lock_preferences", read):
        assert len(decline_each_at_once()) == 1
