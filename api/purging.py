"""Deleting what is long over, some of it at a time, so that no transaction grows with the table."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet


def delete_first(rows: QuerySet[Any], *, limit: int) -> int:
    """The first of these rows in their order; returns how many were found. One that has ceased to be among them when
    it is to be deleted stays."""
    keys = list(rows.values_list("pk", flat=True)[:limit])
    rows.filter(pk__in=keys).delete()
    return len(keys)


def until_done(purge: Callable[[int], int], *, batch: int) -> int:
    """Purge batch after batch until one is not full; returns how many rows that were."""
    purged = 0
    while True:
        count = purge(batch)
        purged += count
        if count < batch:
            return purged
