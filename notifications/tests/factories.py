"""Stories in which somebody has to be told something."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from api.transactions import in_transaction
from couriers.models import Assignment
from couriers.services.assigning import assign_order
from couriers.tests.factories import make_courier, staff
from events.envelopes import Envelope, Subject
from events.models import DeliveryState, Event, EventDelivery
from events.publishing import publish
from events.services.relaying import relay
from notifications.channels.sms import RecordingProvider
from notifications.kinds import Channel, Kind
from notifications.models import Notification, State
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_order

ADA = "ada@example.com"


def told(*, to: str | None = None) -> list[tuple[str, str, str]]:
    """Kind, channel and state of everything written down, oldest first."""
    rows = Notification.objects.order_by("id")
    if to is not None:
        rows = rows.filter(address=to)
    return list(rows.values_list("kind", "channel", "state"))


def make_told(kind: Kind = Kind.ORDER_CONFIRMED, **fields: Any) -> Notification:
    """The one notification of a confirmed order, due now."""
    make_confirmed_order()
    relay()
    Notification.objects.update(kind=kind, **fields)
    return Notification.objects.get()


def make_notification(kind: Kind, *, order: Order | None = None, **fields: Any) -> Notification:
    given: dict[str, Any] = {
        "event_id": uuid4(),
        "channel": Channel.EMAIL,
        "recipient": f"contact:{uuid4().hex}",
        "address": ADA,
        "language": "en",
        "due_since": timezone.now(),
        "order": order or make_order(),
    }
    return Notification.objects.create(kind=kind, **{**given, **fields})


def announced(
    event_type: str, *, subject: Subject | None = None, occurred_at: datetime | None = None, **fields: Any
) -> None:
    """An event that another app publishes, brought to its handlers."""
    event = in_transaction(lambda: publish(event_type, subject=subject or Subject("test", uuid4(), 1), **fields))
    if occurred_at is not None:
        Event.objects.filter(pk=event.pk).update(occurred_at=occurred_at)
    relay()


def latest(event_type: str) -> Event:
    return Event.objects.filter(type=event_type).latest("position")


def envelope_of(event: Event) -> Envelope:
    return Envelope.of(event)


def given_by_staff(order: Order) -> Assignment:
    return assign_order(order.id, courier_id=make_courier().id, actor=Actor.of(staff(Role.DISPATCHER)))


def make_dead_letter(destination: str) -> UUID:
    event = in_transaction(lambda: publish("courier.online", subject=Subject("courier", uuid4(), 1)))
    delivery = EventDelivery.objects.create(
        event=event, subject_id=event.subject_id, destination=destination, state=DeliveryState.DEAD
    )
    return delivery.id


def recorded_sms() -> list[dict[str, str]]:
    path = RecordingProvider.path()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def state_of(notification: Notification) -> State:
    return State(Notification.objects.values_list("state", flat=True).get(pk=notification.pk))
