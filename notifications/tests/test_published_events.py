"""The events of other apps as these publish them: what is read out of them is in them."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Role
from api.transactions import in_transaction
from couriers.services.waiting import report_waiting_orders
from events.envelopes import Subject
from events.locks import lock_delivery
from events.models import EventDelivery, WebhookEndpoint
from events.publishing import publish
from events.services.deliveries import give_up
from events.services.relaying import relay
from events.webhooks.disabling import disable_endpoint
from notifications.composing import compose
from notifications.kinds import Kind
from notifications.models import Notification
from orders.tests.factories import make_confirmed_order, make_user

pytestmark = pytest.mark.django_db


def the_one(kind: Kind) -> Notification:
    return Notification.objects.with_content().get(kind=kind)


def test_an_order_that_nobody_comes_for(settings: Any) -> None:
    settings.COURIER_NOT_FOUND_SECONDS = 0
    order = make_confirmed_order()
    assert report_waiting_orders() == 1
    relay()

    told = Notification.objects.filter(kind=Kind.COURIER_NOT_FOUND).with_content()
    assert {row.order_id for row in told} == {order.id}
    assert compose(told[0]).subject == f"No courier for order {order.number}"


def test_a_delivery_that_is_given_up() -> None:
    make_user(Role.DISPATCHER)
    event = in_transaction(lambda: publish("courier.online", subject=Subject("courier", uuid4(), 1)))
    delivery = EventDelivery.objects.create(event=event, subject_id=event.subject_id, destination="shop.bell")
    in_transaction(lambda: give_up(lock_delivery(delivery.id), error="ConnectError: secret.example.com"))
    relay()

    body = compose(the_one(Kind.DEAD_LETTERS)).body
    assert "All attempts to deliver an event to shop.bell have failed. Dead letters there now: 1." in body
    assert "Event: courier.online\nReason: ConnectError\n" in body


def test_an_endpoint_that_is_disabled() -> None:
    owner = make_user(Role.INTEGRATOR)
    endpoint = WebhookEndpoint.objects.create(owner=owner, url="https://hooks.example.com/secret", secret="whsec_x")
    assert disable_endpoint(endpoint.id, reason="It answered 410 Gone.")
    relay()

    row = the_one(Kind.ENDPOINT_DISABLED)
    assert (row.user_id, row.address) == (owner.id, owner.email)
    assert "Endpoint: hooks.example.com\nReason: It answered 410 Gone.\n" in compose(row).body
