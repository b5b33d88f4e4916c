"""Who is told of what."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import StockReason
from catalog.services.stock import adjust_stock
from couriers.services.carrying import pick_up
from couriers.services.delivering import Proof, deliver
from couriers.tests.factories import accept, actor_of, make_courier
from events.envelopes import Subject
from events.handlers import destinations_for
from events.models import Event
from events.services.relaying import relay
from events.types import EVENT_TYPES
from notifications import handlers
from notifications.kinds import Channel, Kind, Option
from notifications.models import Notification, Preferences
from notifications.recipients import key_of_account, key_of_contact
from notifications.services.choosing import change_preferences
from notifications.tests.factories import ADA, announced, envelope_of, given_by_staff, latest, told
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.requests import Contact
from orders.tests.factories import (
    SYSTEM,
    make_confirmed_order,
    make_order,
    make_product,
    make_ready_order,
    make_store,
    make_user,
)
from payments.services.refunding import refund_payment
from payments.services.submitting import submit_due
from payments.tests.factories import make_captured_payment, make_payment_in_review

pytestmark = pytest.mark.django_db

NOON: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def kinds(**filters: Any) -> list[str]:
    return [kind for kind, _, _ in told(**filters)]


def test_a_customer_is_told_of_every_step_of_an_order() -> None:
    order, courier = make_ready_order(), make_courier()
    assignment = accept(order, courier=courier)
    pick_up(assignment.id, actor=actor_of(courier))
    deliver(assignment.id, actor=actor_of(courier), proof=Proof())
    relay()

    assert told() == [
        ("order_confirmed", "email", "pending"),
        ("courier_assigned", "email", "pending"),
        ("on_its_way", "email", "pending"),
        ("delivered", "email", "pending"),
    ]
    assert set(Notification.objects.values_list("address", "order_id")) == {(ADA, order.id)}


def test_a_customer_is_told_of_cancellation_and_refund() -> None:
    payment = make_captured_payment()
    refund = refund_payment(payment.id, amount=payment.amount, reason="Late", actor=Actor.of(make_user(Role.ADMIN)))
    cancel_order(payment.order_id, actor=Actor.of(make_user(Role.DISPATCHER)), reason="Out of tomatoes")
    submit_due()
    relay()

    assert kinds(to=ADA) == ["cancelled", "refunded"]
    assert Notification.objects.get(kind="cancelled").data == {"courier_id": None, "reason": "requested"}
    assert Notification.objects.get(kind="refunded").data == {"amount": str(refund.amount), "currency": "EUR"}


def test_the_contact_is_told_where_it_is_somebody_else_than_the_account() -> None:
    make_confirmed_order(customer=make_user(), contact=Contact(name="Bob", email="Bob@example.com"))
    relay()

    row = Notification.objects.get()
    assert (row.address, row.user_id, row.recipient) == ("Bob@example.com", None, key_of_contact("bob@example.com"))


@pytest.mark.parametrize("is_named", [True, False])
def test_the_account_is_told_where_the_contact_names_nobody_else(is_named: bool) -> None:
    customer = make_user()
    make_confirmed_order(customer=customer, contact=Contact(name="Ada", email=customer.email if is_named else ""))
    relay()

    row = Notification.objects.get()
    assert (row.address, row.user_id, row.recipient) == (customer.email, customer.id, key_of_account(customer.id))


def test_nobody_is_told_where_nobody_can_be_reached() -> None:
    order = make_order()
    Order.objects.filter(pk=order.pk).update(customer=None, contact_email="", contact_phone="")
    cancel_order(order.id, actor=SYSTEM, reason="")
    relay()

    assert told() == []


def test_sms_goes_out_only_when_it_was_asked_for() -> None:
    order, courier = make_ready_order(), make_courier()
    assignment = accept(order, courier=courier)
    relay()
    change_preferences(key_of_contact(ADA), choices={Option(Kind.ON_ITS_WAY, Channel.SMS): True})
    pick_up(assignment.id, actor=actor_of(courier))
    relay()

    assert told()[2:] == [("on_its_way", "email", "pending"), ("on_its_way", "sms", "pending")]
    assert Notification.objects.get(channel="sms").address == "+49301234567"


def test_who_does_not_want_a_message_gets_a_row_that_says_so() -> None:
    change_preferences(key_of_contact(ADA), choices={Option(Kind.ORDER_CONFIRMED, Channel.EMAIL): False})
    make_confirmed_order()
    relay()

    row = Notification.objects.get()
    assert (row.state, row.error) == ("skipped", "The recipient does not want it.")


def test_a_message_is_in_the_language_its_recipient_has_chosen() -> None:
    change_preferences(key_of_contact(ADA), language="de")
    make_confirmed_order()
    relay()

    assert Notification.objects.get().language == "de"


def test_a_courier_is_told_of_an_order_that_staff_gave_and_not_of_one_they_took() -> None:
    accept(make_ready_order(), courier=make_courier())
    assignment = given_by_staff(make_ready_order())
    relay()

    (row,) = Notification.objects.filter(kind="assignment_given")
    assert (row.user_id, row.address) == (assignment.courier_id, assignment.courier.user.email)


def test_low_stock_is_told_to_the_store_s_staff_alone() -> None:
    store, other = make_store(), make_store()
    own = [make_user(Role.STORE_STAFF, stores=(store,)) for _ in range(2)]
    make_user(Role.STORE_STAFF, stores=(other,))
    make_user(Role.STORE_STAFF, stores=(store,), is_active=False)
    make_user(Role.INTEGRATOR, stores=(store,))
    make_user(Role.ADMIN)
    product = make_product(store, stock=10, low_stock_threshold=3)
    adjust_stock(product.id, delta=-8, reason=StockReason.DAMAGED, actor=SYSTEM)
    relay()

    assert list(Notification.objects.values_list("kind", "user_id").order_by("user_id")) == [
        ("stock_low", user.id) for user in own
    ]


def test_low_stock_of_a_store_without_staff_is_told_to_administrators() -> None:
    admin = make_user(Role.ADMIN)
    make_user(Role.DISPATCHER)
    product = make_product(stock=10, low_stock_threshold=3)
    adjust_stock(product.id, delta=-8, reason=StockReason.DAMAGED, actor=SYSTEM)
    relay()

    assert [row.user_id for row in Notification.objects.all()] == [admin.id]


def test_a_product_that_falls_again_within_the_hour_is_told_of_once() -> None:
    make_user(Role.ADMIN)
    product = make_product(stock=10, low_stock_threshold=3)
    for delta in (-8, 5, -5):
        adjust_stock(product.id, delta=delta, reason=StockReason.COUNTED, actor=SYSTEM)
    Event.objects.update(occurred_at=NOON)
    relay()

    assert kinds() == ["stock_low"]


def test_a_payment_to_review_is_told_to_the_store_and_to_dispatchers() -> None:
    dispatcher = make_user(Role.DISPATCHER)
    make_user(Role.ADMIN)
    store = make_store()
    member = make_user(Role.STORE_STAFF, stores=(store,))
    payment = make_payment_in_review(order=make_order(product=make_product(store)), captured="1.00")
    relay()

    rows = Notification.objects.filter(kind="payment_review").order_by("user_id")
    assert [row.user_id for row in rows] == [dispatcher.id, member.id]
    assert {row.data["payment_id"] for row in rows} == {str(payment.id)}


def test_an_order_without_a_courier_is_told_of_once_an_hour() -> None:
    order = make_confirmed_order()
    for _ in range(2):
        announced("order.courier_not_found", subject=Subject("order", order.id, order.version), occurred_at=NOON)

    rows = Notification.objects.filter(kind="courier_not_found")
    assert {row.order_id for row in rows} == {order.id}
    assert sorted(row.user_id for row in rows if row.user_id) == dispatchers()


def dispatchers() -> list[UUID]:
    return sorted(User.objects.filter(role=Role.DISPATCHER).values_list("id", flat=True))


def dies(destination: str) -> None:
    data = {"destination": destination, "event_type": "order.paid", "reason": "ConnectionError"}
    announced("event_delivery.dead", data=data, occurred_at=NOON)


def test_a_storm_of_dead_letters_is_one_message_per_destination() -> None:
    staff = [make_user(Role.ADMIN), make_user(Role.DISPATCHER)]
    for _ in range(20):
        dies("webhook:one")
    dies("webhook:other")

    rows = Notification.objects.order_by("user_id", "id").values_list("user_id", "data__destination")
    assert list(rows) == [(user.id, destination) for user in staff for destination in ("webhook:one", "webhook:other")]


def test_the_same_event_handled_twice_is_told_once() -> None:
    make_confirmed_order()
    relay()
    before = told()

    handlers.tell_customer(envelope_of(latest("order.confirmed")))

    assert before == told() == [("order_confirmed", "email", "pending")]


def test_events_that_nobody_is_told_of_have_no_delivery_here() -> None:
    heard = {
        event_type for event_type in EVENT_TYPES
        if any(name.startswith("notifications.") for name in destinations_for(event_type))
    }  # fmt: skip
    assert heard == {
        "order.confirmed", "order.assigned", "order.picked_up", "order.delivered", "order.cancelled",
        "order.updated", "order.courier_not_found", "refund.succeeded", "assignment.accepted", "stock.low",
        "payment.review_needed", "event_delivery.dead", "webhook_endpoint.disabled",
    }  # fmt: skip


def test_telling_a_customer_costs_three_statements() -> None:
    order = make_confirmed_order()
    relay()
    Notification.objects.all().delete()
    event = envelope_of(latest("order.confirmed"))
    with CaptureQueriesContext(connection) as queries:
        handlers.tell_customer(event)

    assert len(queries) == 3
    assert Notification.objects.get().order_id == order.id


def test_a_row_keeps_the_trace_of_what_caused_it() -> None:
    make_confirmed_order()
    relay()

    row, event = Notification.objects.get(), latest("order.confirmed")
    assert (row.event_id, row.correlation_id, row.due_since) == (
        event.event_id,
        event.correlation_id,
        event.occurred_at,
    )
    assert row.next_attempt_at <= timezone.now()


def test_preferences_are_kept_without_an_address() -> None:
    change_preferences(key_of_contact(ADA), language="de")

    row = Preferences.objects.get()
    assert ADA not in str(vars(row))
    assert row.recipient == key_of_contact(" ADA@example.com ")
