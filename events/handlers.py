"""Which function listens to which events. Apps register theirs in `handlers.py`, imported by AppConfig.ready."""

from collections.abc import Callable
from dataclasses import dataclass

from events.envelopes import Envelope
from events.types import EVENT_TYPES

Handler = Callable[[Envelope], None]


@dataclass(frozen=True)
class Subscription:
    destination: str
    types: frozenset[str]
    handler: Handler


_subscriptions: dict[str, Subscription] = {}


class UnknownDestination(LookupError):
    """A delivery names a handler that is no longer registered."""


def handles(*types: str, name: str) -> Callable[[Handler], Handler]:
    """Register a handler as the destination `name`, which delivery rows keep: renaming one orphans its rows.

    The handler runs in the transaction that marks the delivery done, so its changes happen exactly once.
    It makes no network call.
    """
    unknown = set(types) - EVENT_TYPES
    if unknown:
        raise ValueError(f"{name} listens to unknown events: {', '.join(sorted(unknown))}")

    def register(handler: Handler) -> Handler:
        if name in _subscriptions:
            raise ValueError(f"two handlers are named {name}")
        _subscriptions[name] = Subscription(name, frozenset(types), handler)
        return handler

    return register


def destinations_for(event_type: str) -> list[str]:
    return sorted(s.destination for s in _subscriptions.values() if event_type in s.types)


def all_destinations() -> list[str]:
    return sorted(_subscriptions)


def handler_of(destination: str) -> Handler:
    try:
        return _subscriptions[destination].handler
    except KeyError:
        raise UnknownDestination(destination) from None
