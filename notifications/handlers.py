"""Which events people are told about. Events that are not named here cost this app nothing."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from accounts.roles import Role
from events.envelopes import Envelope
from events.handlers import handles
from notifications import selectors
from notifications.kinds import Kind
from notifications.services.announcing import News, announce, hourly
from notifications.services.forgetting import forget_order
from orders.services.anonymising import ANONYMISED

KIND_OF: Final[Mapping[str, Kind]] = {
    "order.confirmed": Kind.ORDER_CONFIRMED,
    "order.assigned": Kind.COURIER_ASSIGNED,
    "order.picked_up": Kind.ON_ITS_WAY,
    "order.delivered": Kind.DELIVERED,
    "order.cancelled": Kind.CANCELLED,
}


@handles(*KIND_OF, name="notifications.tell_customer", in_batches=True)
def tell_customer(event: Envelope) -> None:
    _tell_customer_of(event.subject.id, event, KIND_OF[event.type], "courier_id", "reason")


@handles("refund.succeeded", name="notifications.tell_of_refund", in_batches=True)
def tell_of_refund(event: Envelope) -> None:
    _tell_customer_of(UUID(str(event.data["order_id"])), event, Kind.REFUNDED, "amount", "currency")


def _tell_customer_of(order_id: UUID, event: Envelope, kind: Kind, *names: str) -> None:
    customer = selectors.customer_of(order_id)
    if customer is not None:
        data = {name: event.data[name] for name in names if name in event.data}
        announce(News(event=event, kind=kind, order_id=order_id, data=data), to=[customer])


@handles("assignment.accepted", name="notifications.tell_courier", in_batches=True)
def tell_courier(event: Envelope) -> None:
    courier = selectors.courier_given(event.subject.id)
    if courier is not None:
        order_id, data = UUID(str(event.data["order_id"])), {"courier_id": event.data["courier_id"]}
        announce(News(event=event, kind=Kind.ASSIGNMENT_GIVEN, order_id=order_id, data=data), to=[courier])


@handles("stock.low", name="notifications.alert_of_stock")
def alert_of_stock(event: Envelope) -> None:
    """Once an hour, for a product that keeps crossing its threshold both ways."""
    data = {"product_id": str(event.subject.id)}
    key = hourly(f"stock:{event.subject.id}", event)
    news = News(event=event, kind=Kind.STOCK_LOW, data=data, collapse_key=key)
    announce(news, to=selectors.staff_of(event.store_id))


@handles("payment.review_needed", name="notifications.alert_of_review")
def alert_of_review(event: Envelope) -> None:
    """The store is told because its order waits; dispatchers, because they decide."""
    order_id, data = UUID(str(event.data["order_id"])), {**event.data, "payment_id": str(event.subject.id)}
    news = News(event=event, kind=Kind.PAYMENT_REVIEW, order_id=order_id, data=data)
    announce(news, to=selectors.staff_of(event.store_id, also=frozenset({Role.DISPATCHER})))


@handles("order.courier_not_found", name="notifications.alert_of_missing_courier")
def alert_of_missing_courier(event: Envelope) -> None:
    key = hourly(f"courier:{event.subject.id}", event)
    news = News(event=event, kind=Kind.COURIER_NOT_FOUND, order_id=event.subject.id, collapse_key=key)
    announce(news, to=selectors.staff_of(event.store_id, also=frozenset({Role.DISPATCHER})))


@handles("event_delivery.dead", name="notifications.alert_of_dead_letter")
def alert_of_dead_letter(event: Envelope) -> None:
    """A destination that is broken makes thousands of them: one message per destination and hour says it."""
    data = {name: event.data.get(name, "") for name in ("destination", "event_type", "reason")}
    key = hourly(f"dead:{data['destination']}", event)
    news = News(event=event, kind=Kind.DEAD_LETTERS, data=data, collapse_key=key)
    announce(news, to=selectors.dispatchers())


@handles("webhook_endpoint.disabled", name="notifications.tell_endpoint_owner")
def tell_endpoint_owner(event: Envelope) -> None:
    data = {name: event.data.get(name, "") for name in ("host", "reason")}
    owner = selectors.account(UUID(str(event.data["owner_id"])))
    announce(News(event=event, kind=Kind.ENDPOINT_DISABLED, data=data), to=owner)


@handles("order.updated", name="notifications.forget_order", in_batches=True)
def forget_with_the_order(event: Envelope) -> None:
    if event.data.get("changed") == [ANONYMISED]:
        forget_order(event.subject.id)
