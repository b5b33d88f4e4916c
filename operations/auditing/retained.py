"""What the outbox can still be asked for: old events are removed, and what they told cannot be checked any more."""

from datetime import datetime

from django.db.models import Max, Q

from events.models import SequenceCounter


def is_retained(moment: str) -> Q:
    """Of rows whose change was made at `moment`, in the transaction of its event: those whose event is still there.

    The event is the later of the two, and no event that was removed is later than `removed_until`.
    """
    removed_until = _removed_until()
    return Q() if removed_until is None else Q(**{f"{moment}__gt": removed_until})


def is_past_retention(moment: str) -> Q:
    removed_until = _removed_until()
    return Q(pk__in=[]) if removed_until is None else Q(**{f"{moment}__lte": removed_until})


def _removed_until() -> datetime | None:
    moment: datetime | None = SequenceCounter.objects.aggregate(until=Max("removed_until"))["until"]
    return moment
