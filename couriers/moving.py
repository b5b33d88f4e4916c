"""Who wants to know where a courier is as soon as they have said so, with no promise that they hear of it.

Those who do are apps above this one, which say so when they are ready. Whoever must not miss a position reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.geography import Position


@dataclass(frozen=True, kw_only=True)
class Move:
    """A courier is further on: nothing newer is known of them."""

    courier_id: UUID
    position: Position
    recorded_at: datetime


Watcher = Callable[[Move], None]

_watchers: list[Watcher] = []


def watches_moves(watcher: Watcher) -> Watcher:
    """Make this function one that is called after the commit, in the courier's own request: it must be quick."""
    _watchers.append(watcher)
    return watcher


def tell_moved(move: Move) -> None:
    for watcher in _watchers:
        watcher(move)
