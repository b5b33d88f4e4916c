"""What each destination must have heard, and what it did hear."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Window
from django.db.models.functions import Lag

from benchmarks.outbox.models import Heard
from events.models import Event, EventDelivery


@dataclass(frozen=True)
class Account:
    destination: str
    events: int
    heard: int
    twice: int
    missing: int
    out_of_order: int
    retaken: int
    """Deliveries that needed a second attempt, because the first one's process was killed."""

    @property
    def is_right(self) -> bool:
        """What was sent over HTTP just before a kill is sent once more, under the same id."""
        may_hear_twice = self.destination.startswith("webhook:")
        return self.missing == self.out_of_order == 0 and (may_hear_twice or self.twice == 0)


def accounts() -> Iterator[Account]:
    events = Event.objects.count()
    for destination in sorted(EventDelivery.objects.values_list("destination", flat=True).distinct()):
        told = Heard.objects.filter(destination=destination)
        first_told = told.filter(~Exists(told.filter(event_id=OuterRef("event_id"), id__lt=OuterRef("id"))))
        before = Window(Lag("version", default=0), partition_by="subject_id", order_by="id")
        heard, different = told.count(), first_told.count()
        yield Account(
            destination=destination,
            events=events,
            heard=heard,
            twice=heard - different,
            missing=events - different,
            out_of_order=first_told.annotate(before=before).exclude(version=F("before") + 1).count(),
            retaken=EventDelivery.objects.filter(destination=destination, attempts__gt=1).count(),
        )


def is_settled() -> bool:
    return not (EventDelivery.objects.pending().exists() or Event.objects.unsequenced().exists())
