"""What a socket reads, in threads of the pool: the event loop waits for nobody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async
from django.db import DEFAULT_DB_ALIAS

from events.envelopes import Envelope
from events.models import Event, SequenceCounter
from orders.models import Order
from tracking.public import public_delivery
from tracking.selectors import Delivery, delivery_by_token, order_id_by_token

P = ParamSpec("P")
T = TypeVar("T")

MOST_REPLAYED: Final = 50


@dataclass(frozen=True, kw_only=True)
class News:
    """A delivery as it is now, and the events since the reader last looked: it contains all of them."""

    delivery: Delivery
    data: dict[str, Any]
    events: tuple[Envelope, ...]


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Each with a connection of its own, given back at the end: sockets do not wait for each other's questions."""
    call = cast("Callable[P, Awaitable[T]]", database_sync_to_async(work, thread_sensitive=False))
    return await call(*args, **kwargs)


def news_by_token(token: str, *, after: int | None) -> News:
    """Raises OrderNotFound.

    The events are read before the delivery: the reader who has all of them may know more already, but not less.
    """
    events = () if after is None else _events_of(token, after=after)
    delivery = delivery_by_token(token)
    data = public_delivery(delivery)
    return News(delivery=replace(delivery, order=_alone(delivery.order)), data=data, events=events)


def _alone(order: Order) -> Order:
    """Who follows an order keeps it while the socket is open, and its lines would be kept with it. They and the order
    refer to each other: each order that is let go of would be garbage to be looked for."""
    names = [field.attname for field in Order._meta.concrete_fields]
    return Order.from_db(DEFAULT_DB_ALIAS, names, [getattr(order, name) for name in names])


def can_replay(token: str, *, after: int) -> bool:
    """Whether all events after this one are still kept, it is not from another history, and they are not too many."""
    removed = SequenceCounter.objects.values_list("removed", flat=True).first() or 0
    last = SequenceCounter.objects.values_list("last", flat=True).first() or 0
    return removed <= after <= last and len(_events_of(token, after=after)) <= MOST_REPLAYED


def _events_of(token: str, *, after: int) -> tuple[Envelope, ...]:
    """The platform's own of one order; integrators' are not for customers."""
    order_id = order_id_by_token(token)
    events = Event.objects.filter(
        subject_type="order", subject_id=order_id, type__startswith="order.", sequence__gt=after
    )
    return tuple(Envelope.of(event) for event in events.order_by("position")[: MOST_REPLAYED + 1])
