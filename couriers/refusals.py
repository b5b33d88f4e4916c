"""Why an order could not change hands, as one dispatcher would tell another: who was quicker, and when."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from accounts.actors import ActorKind
from accounts.models import User
from api.errors import CataloguedError, PreconditionFailed
from couriers.errors import CourierAtCapacity, CourierInactive, CourierNotOfStore
from couriers.models import Courier
from couriers.services.dispatching import Handed
from orders.errors import TransitionNotAllowed
from orders.models import TimelineEntry

BY_COURIER: Final[Mapping[str, str]] = {
    "assigned": "{who} accepted it",
    "unassigned": "{who} gave it back",
    "picked_up": "{who} picked it up",
    "delivered": "{who} delivered it",
    "failed": "{who} could not deliver it",
}
BY_OTHERS: Final[Mapping[str, str]] = {
    "assigned": "{who} gave it to {courier}",
    "unassigned": "{who} took it back",
    "picked_up": "{who} marked it picked up",
    "delivered": "{who} marked it delivered",
    "failed": "{who} marked it not delivered",
    "cancelled": "{who} cancelled it",
    "confirmed": "{who} confirmed it",
    "ready": "{who} marked it ready",
    "updated": "{who} changed it",
}
OF_THE_COURIER: Final[Mapping[type[CataloguedError], Callable[[str, CataloguedError], str]]] = {
    CourierAtCapacity: lambda name, error: (
        f"{name} carries {error.members['active_orders']} of {error.members['capacity']} already"
    ),
    CourierInactive: lambda name, error: f"{name} does not work here at the moment: profile or account is inactive",
    CourierNotOfStore: lambda name, error: f"{name} does not ride for this store",
}


@dataclass(frozen=True)
class _Names:
    reader_id: UUID | None
    people: Mapping[UUID, str]
    couriers: Mapping[UUID, str]

    def who(self, entry: TimelineEntry) -> str:
        if entry.actor_id is not None and entry.actor_id == self.reader_id:
            return "You"
        known = self.people if entry.actor_id not in self.couriers else self.couriers
        return known.get(entry.actor_id or UUID(int=0), "") or entry.actor_label

    def courier(self, courier_id: UUID | None) -> str:
        return self.couriers.get(courier_id or UUID(int=0), "a courier")


def in_words(outcomes: Sequence[Handed], *, reader_id: UUID | None) -> Mapping[UUID, str]:
    """By order, of those that were refused. At most three queries; `reader_id` is who is told, and called “you”."""
    refused = [outcome for outcome in outcomes if outcome.refusal is not None]
    if not refused:
        return {}
    now = timezone.now()
    entries = _latest_entries({outcome.handing.order_id for outcome in refused})
    names = _names(refused, entries.values(), reader_id=reader_id)
    return {one.handing.order_id: _sentence(one, entries.get(one.handing.order_id), names, now=now) for one in refused}


def ago(moment: datetime, *, now: datetime) -> str:
    seconds = max(int((now - moment).total_seconds()), 1)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def _sentence(outcome: Handed, entry: TimelineEntry | None, names: _Names, *, now: datetime) -> str:
    refusal = outcome.refusal
    assert refusal is not None
    of_courier = OF_THE_COURIER.get(type(refusal))
    if of_courier:
        return of_courier(names.courier(outcome.handing.courier_id), refusal)
    if entry is None or not isinstance(refusal, PreconditionFailed | TransitionNotAllowed):
        return refusal.detail
    words = BY_COURIER if entry.actor_kind == ActorKind.COURIER else BY_OTHERS
    if entry.what in words:
        told = words[entry.what].format(who=names.who(entry), courier=names.courier(entry.order.courier_id))
        return f"{told} {ago(entry.created_at, now=now)}"
    return refusal.detail


def _latest_entries(order_ids: Collection[UUID]) -> Mapping[UUID, TimelineEntry]:
    """There is one entry for each version of an order."""
    latest = TimelineEntry.objects.filter(order__in=order_ids, order_version=F("order__version"))
    return {entry.order_id: entry for entry in latest.select_related("order")}


def _names(refused: Sequence[Handed], entries: Collection[TimelineEntry], *, reader_id: UUID | None) -> _Names:
    actors = {entry.actor_id for entry in entries if entry.actor_id}
    couriers = {entry.order.courier_id for entry in entries if entry.order.courier_id}
    couriers |= {outcome.handing.courier_id for outcome in refused if outcome.handing.courier_id}
    return _Names(
        reader_id,
        people=dict(User.objects.filter(pk__in=actors).values_list("pk", "name")),
        couriers=dict(Courier.objects.filter(pk__in=actors | couriers).values_list("pk", "name")),
    )
