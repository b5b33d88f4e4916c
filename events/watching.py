"""Who wants to hear of events the moment they have got their place, with no promise that they do.

For pages that look again by themselves. Whoever must not miss an event is a handler, or reads the feed.
"""

from collections.abc import Callable, Sequence

from events.envelopes import Envelope

Watcher = Callable[[Sequence[Envelope]], None]

_watchers: list[Watcher] = []


def watches_events(watcher: Watcher) -> Watcher:
    """Make this function one that is called after the commit, with events in their order; it must be quick."""
    _watchers.append(watcher)
    return watcher


def tell_watchers(envelopes: Sequence[Envelope]) -> None:
    for watcher in _watchers:
        watcher(envelopes)
