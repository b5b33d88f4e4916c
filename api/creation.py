"""Finding rows by when they were made, without an index on the moment: keys rise with time (RFC 9562, 5.7)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

# A key is made a little before its row's `created_at`: at most as long as a transaction may wait for its locks.
SLACK: Final = timedelta(minutes=1)
_RANDOM_BITS: Final = 80
_LAST_MILLISECOND: Final = 2**48 - 1


def created_within(filters: Mapping[str, Any]) -> Q:
    """The rows of `created_after` and `created_before`, those that are given.

    The key's bound says nothing new; it lets the database begin and stop reading where the moments are. Without it, a
    page that is not full costs as much as the whole table.
    """
    condition = Q()
    if "created_after" in filters:
        moment: datetime = filters["created_after"]
        condition &= Q(created_at__gt=moment, pk__gte=_first_key(moment, later=-SLACK))
    if "created_before" in filters:
        moment = filters["created_before"]
        condition &= Q(created_at__lt=moment, pk__lt=_first_key(moment, later=SLACK))
    return condition


def _first_key(moment: datetime, *, later: timedelta) -> UUID:
    """No key of that millisecond or a later one is lower. The calendar goes on where keys end: before 1970."""
    milliseconds = int((moment.timestamp() + later.total_seconds()) * 1000)
    return UUID(int=min(max(milliseconds, 0), _LAST_MILLISECOND) << _RANDOM_BITS)
