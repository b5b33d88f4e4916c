"""What one reader is told of a change of the board: the events they may see, and the rows, cut down to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from events.envelopes import Envelope
from tracking.board.rows import CourierRow, OrderRow
from tracking.board.viewing import Viewer

Row = TypeVar("Row", OrderRow, CourierRow)

NOTICEABLE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a look has found, with the concerned rows as they were before it."""

    until: int
    events: tuple[Envelope, ...]
    orders: Mapping[UUID, OrderRow | None]
    couriers: Mapping[UUID, CourierRow | None]


@dataclass(frozen=True, kw_only=True)
class News:
    """`needs_picture`: something has changed that no event which the reader may see would explain."""

    events: tuple[Envelope, ...]
    orders: tuple[OrderRow, ...]
    gone: tuple[UUID, ...]
    couriers: tuple[CourierRow, ...]
    needs_picture: bool


def news_for(
    viewer: Viewer,
    changes: Sequence[Change],
    *,
    orders: Mapping[UUID, OrderRow],
    couriers: Mapping[UUID, CourierRow],
) -> News:
    """`orders` and `couriers` are all there are now."""
    events = tuple(event for change in changes for event in change.events if viewer.may_see_store(event.store_id))
    before_orders = _first([change.orders for change in changes])
    before_couriers = _first([change.couriers for change in changes])
    changed = [row for key in before_orders if (row := viewer.order(orders.get(key)))]
    gone = [key for key, before in before_orders.items() if viewer.order(before) and key not in orders]
    moved = [
        seen
        for key, former in before_couriers.items()
        if (seen := viewer.courier(couriers.get(key))) and seen != viewer.courier(former)
    ]
    has_lost_somebody = any(
        viewer.courier(former) and not viewer.courier(couriers.get(key)) for key, former in before_couriers.items()
    )
    is_unexplained = not events and bool(gone or moved or any(_is_news(row, before_orders[row.id]) for row in changed))
    return News(
        events=events,
        orders=tuple(changed),
        gone=tuple(gone),
        couriers=tuple(moved),
        needs_picture=has_lost_somebody or is_unexplained,
    )


def _is_news(row: OrderRow, former: OrderRow | None) -> bool:
    """A row is read again whenever its courier is concerned: what the clock alone has changed of it can wait."""
    if former is None or row.lasting != former.lasting:
        return True
    if row.eta is None or former.eta is None:
        return row.eta != former.eta
    return abs(row.eta - former.eta) >= NOTICEABLE


def _first(befores: Sequence[Mapping[UUID, Row | None]]) -> dict[UUID, Row | None]:
    """Of several changes of a row: how it was before the first."""
    first: dict[UUID, Row | None] = {}
    for before in reversed(befores):
        first.update(before)
    return first
