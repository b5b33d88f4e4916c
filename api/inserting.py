"""Many rows in few statements, for what does at once what else is done one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from django.db.models import Model

R = TypeVar("R", bound=Model)

_gathered: Final[ContextVar[dict[type[Model], list[Model]] | None]] = ContextVar("gathered", default=None)


def insert(row: R) -> R:
    """A new row that nobody reads back in this transaction: at once, or with the others of its kind."""
    gathered = _gathered.get()
    if gathered is None:
        row.save(force_insert=True)
    else:
        gathered.setdefault(type(row), []).append(row)
    return row


@contextmanager
def inserts_together() -> Iterator[None]:
    """What is inserted inside is written when the block ends, in its order; nothing of it when the block fails.

    The caller is in a transaction.
    """
    gathered: dict[type[Model], list[Model]] = {}
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    for model, rows in gathered.items():
        model._meta.base_manager.bulk_create(rows)
