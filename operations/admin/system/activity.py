"""The latest events in words, each with a way to what it is about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from accounts.admin_base.display import Tone, change_url
from catalog.models import Product, Store
from couriers.models import Courier
from couriers.states import DeclineReason, FailureReason, OfferEnd, ReleaseReason
from events.admin import subject_url
from events.models import Event
from events.type_names import is_from_outside
from orders.models import Order

SHOWN: Final = 14
SOMEBODY: Final = "somebody who is gone"
REASONS: Final = {
    code: label.lower()
    for code, label in (
        *FailureReason.choices, *DeclineReason.choices, *OfferEnd.choices, *ReleaseReason.choices,
        ("requested", "asked for"), ("order_cancelled", "order cancelled"),
    )
}  # fmt: skip


class Phrase(NamedTuple):
    """`text` may name `{order}`, `{courier}`, `{store}`, `{product}`, `{reason}`, and whatever stands in the event."""

    text: str
    icon: str
    tone: Tone = Tone.QUIET


PHRASES: Final[Mapping[str, Phrase]] = {
    "order.created": Phrase("{order} placed at {store}, {total} {currency}", "shopping_cart", Tone.WAITING),
    "order.paid": Phrase("{order} paid, {total} {currency}", "credit_card", Tone.WAITING),
    "order.confirmed": Phrase("{order} confirmed by {store}", "check", Tone.MOVING),
    "order.ready": Phrase("{order} ready at {store}", "takeout_dining", Tone.MOVING),
    "order.assigned": Phrase("{order} goes to {courier}", "person_add", Tone.MOVING),
    "order.unassigned": Phrase("{order} taken from {courier}", "person_remove", Tone.WARNING),
    "order.picked_up": Phrase("{order} picked up by {courier}", "shopping_bag", Tone.MOVING),
    "order.delivered": Phrase("{order} delivered by {courier}", "where_to_vote", Tone.GOOD),
    "order.failed": Phrase("{order} not delivered: {reason}", "wrong_location", Tone.BAD),
    "order.cancelled": Phrase("{order} cancelled", "cancel", Tone.WARNING),
    "order.expired": Phrase("{order} expired unpaid", "timer_off", Tone.QUIET),
    "order.restocked": Phrase("Goods of {order} back on the shelf", "inventory", Tone.QUIET),
    "order.courier_not_found": Phrase("No courier found for {order}", "person_search", Tone.BAD),
    "order.updated": Phrase("{order} changed", "edit", Tone.QUIET),
    "payment.succeeded": Phrase("Payment of {order} succeeded", "payments", Tone.GOOD),
    "payment.failed": Phrase("Payment of {order} failed", "credit_card_off", Tone.WARNING),
    "payment.review_needed": Phrase("Payment of {order} waits for a decision", "rule", Tone.BAD),
    "refund.requested": Phrase("{amount} {currency} of {order} to go back", "undo", Tone.WAITING),
    "refund.succeeded": Phrase("{amount} {currency} of {order} went back", "undo", Tone.GOOD),
    "refund.failed": Phrase("Refund of {order} failed", "money_off", Tone.BAD),
    "assignment.offered": Phrase("{order} offered to {courier}", "contact_support", Tone.WAITING),
    "assignment.accepted": Phrase("{courier} accepted {order}", "thumb_up", Tone.MOVING),
    "assignment.declined": Phrase("{courier} declined {order}: {reason}", "thumb_down", Tone.WARNING),
    "assignment.expired": Phrase("Offer of {order} to {courier} is over: {reason}", "hourglass_disabled", Tone.QUIET),
    "assignment.released": Phrase("{courier} no longer has {order}: {reason}", "person_remove", Tone.WARNING),
    "courier.online": Phrase("{courier} is online", "login", Tone.GOOD),
    "courier.offline": Phrase("{courier} is offline", "logout", Tone.QUIET),
    "stock.low": Phrase("{product} is low: {stock} left", "inventory_2", Tone.WARNING),
    "batch.rolled_back": Phrase("A batch of events was rolled back", "undo", Tone.WARNING),
    "webhook_endpoint.pinged": Phrase("A webhook endpoint was pinged", "network_ping", Tone.QUIET),
    "webhook_endpoint.disabled": Phrase("Webhooks to {host} were switched off", "power_off", Tone.BAD),
    "event_delivery.dead": Phrase("An event became a dead letter", "mail_off", Tone.BAD),
}


@dataclass(frozen=True, kw_only=True)
class Activity:
    text: str
    icon: str
    tone: Tone
    at: datetime
    url: str
    type: str


def latest_activity() -> Sequence[Activity]:
    """Five queries."""
    events = list(Event.objects.order_by("-position")[:SHOWN])
    names = _Names.of(events)
    return [_told(event, names=names) for event in events]


def _told(event: Event, *, names: "_Names") -> Activity:
    """An event from outside is named and not quoted: what it contains is its publisher's."""
    phrase = PHRASES.get(event.type)
    if phrase is None:
        source = "An integrator published" if is_from_outside(event.type) else "Happened:"
        phrase = Phrase(f"{source} {event.type}".replace("{", "").replace("}", ""), "extension")
    return Activity(
        text=phrase.text.format_map(names.words_of(event)),
        icon=phrase.icon,
        tone=phrase.tone,
        at=event.occurred_at,
        url=subject_url(event) or change_url(Event, event.pk),
        type=event.type,
    )


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True)
class _Names:
    orders: Mapping[UUID, str]
    couriers: Mapping[UUID, str]
    stores: Mapping[UUID, str]
    products: Mapping[UUID, str]

    @classmethod
    def of(cls, events: Iterable[Event]) -> "_Names":
        ours = [event for event in events if not is_from_outside(event.type)]
        return cls(
            orders=_named(Order, _ids(ours, "order"), by="number"),
            couriers=_named(Courier, _ids(ours, "courier"), by="name"),
            stores=_named(Store, {event.store_id for event in ours if event.store_id}, by="name"),
            products=_named(Product, _ids(ours, "product"), by="name"),
        )

    def words_of(self, event: Event) -> Mapping[str, str]:
        if is_from_outside(event.type):
            return {}
        known = {key: str(value) for key, value in event.data.items()}
        order = self.orders.get(_id_of(event, "order") or event.subject_id, "an order")
        courier = self.couriers.get(_id_of(event, "courier") or event.subject_id, SOMEBODY)
        product = self.products.get(event.subject_id, "A product")
        store = self.stores.get(event.store_id or event.subject_id, "a store")
        reason = REASONS.get(known.get("reason", ""), "no reason given")
        return _Words(known, order=order, courier=courier, product=product, store=store, reason=reason)


def _ids(events: Iterable[Event], what: str) -> set[UUID]:
    return {key for event in events if (key := _id_of(event, what))}


def _id_of(event: Event, what: str) -> UUID | None:
    if event.subject_type == what:
        return event.subject_id
    named: Any = event.data.get(f"{what}_id")
    return UUID(named) if named else None


def _named(model: Any, ids: set[UUID], *, by: str) -> Mapping[UUID, str]:
    read: Callable[..., Iterable[tuple[UUID, str]]] = model.objects.filter(pk__in=ids).values_list
    return dict(read("pk", by))
