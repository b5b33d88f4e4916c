"""Which function listens to which events. Apps register theirs in `handlers.py`, imported by AppConfig.ready."""

from collections.abc import Callable
from dataclasses import dataclass

from events.envelopes import Envelope
from events.type_names import is_from_outside
from events.types import EVENT_TYPES

Handler = Callable[[Envelope], None]


@dataclass(frozen=True)
class Subscription:
    destination: str
    types: frozenset[str]
    handler: Handler
    in_batches: bool


_subscriptions: dict[str, Subscription] = {}


class UnknownDestination(LookupError):
    """A delivery names a handler that is no longer registered."""


def handles(*types: str, name: str, in_batches: bool = False) -> Callable[[Handler], Handler]:
    """Register a handler as the destination `name`, which delivery rows keep: renaming one orphans its rows.

    The handler runs in the transaction that marks the delivery done, so its changes happen exactly once.
    It makes no network call. One that locks no rows but its own may be run `in_batches`: for many events in one
    transaction, which is several times as fast and would make others wait for locks that it holds.
    """
    unknown = set(types) - EVENT_TYPES
    if unknown:
        raise ValueError(f"{name} listens to unknown events: {', '.join(sorted(unknown))}")

    def register(handler: Handler) -> Handler:
        if name in _subscriptions:
            raise ValueError(f"two handlers are named {name}")
        _subscriptions[name] = Subscription(name, frozenset(types), handler, in_batches)
        return handler

    return register


def destinations_for(event_type: str) -> list[str]:
    """Nothing from outside, whatever a handler listens to: what we do follows from what we have seen ourselves."""
    if is_from_outside(event_type):
        return []
    return sorted(s.destination for s in _subscriptions.values() if event_type in s.types)


def all_destinations() -> list[str]:
    return sorted(_subscriptions)


def subscription_of(destination: str) -> Subscription:
    try:
        return _subscriptions[destination]
    except KeyError:
        raise UnknownDestination(destination) from None


def takes_batches(destination: str) -> bool:
    return destination in _subscriptions and _subscriptions[destination].in_batches
