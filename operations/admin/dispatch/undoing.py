"""What can be undone travels with the page, signed: nothing has to be kept or removed, and nobody else can use it."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.core import signing

from couriers.services.dispatching import Handed, Handing
from operations.errors import UndoExpired

VALID_SECONDS: Final = 600
_SALT: Final = "operations.dispatch.undo"


def undo_of(outcomes: Iterable[Handed], *, user_id: UUID) -> str | None:
    """Back to whom each order that has moved was with, as long as it stays at the version it has now."""
    moved = [
        [outcome.handing.order_id.hex, outcome.version, _hex(outcome.former_courier_id)]
        for outcome in outcomes
        if outcome.has_moved
    ]
    return signing.dumps([user_id.hex, moved], salt=_SALT, compress=True) if moved else None


def handings_to_undo(undo: str, *, user_id: UUID) -> Sequence[Handing]:
    """Raises UndoExpired."""
    try:
        owner, moved = signing.loads(undo, salt=_SALT, max_age=VALID_SECONDS)
    except signing.BadSignature as error:
        raise UndoExpired from error
    if owner != user_id.hex:
        raise UndoExpired
    return [
        Handing(order_id=UUID(order_id), version=version, courier_id=UUID(former) if former else None)
        for order_id, version, former in moved
    ]


def _hex(key: UUID | None) -> str:
    return key.hex if key else ""
