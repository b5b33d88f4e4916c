"""Destinations that remember what they heard, in the transaction in which they heard it."""

from typing import Final

from benchmarks.outbox.models import Heard
from events import handlers
from events.envelopes import Envelope
from events.types import EVENT_TYPES

ONE_BY_ONE: Final = "one by one"
IN_BATCHES: Final = "in batches"


def replace_all_destinations(*names: str) -> None:
    handlers._subscriptions.clear()  # noqa: SLF001 - nobody but a benchmark wants to be alone
    for name in names:
        listen(name)


def listen(name: str) -> None:
    @handlers.handles(*EVENT_TYPES, name=name, in_batches=name == IN_BATCHES)
    def remember(event: Envelope) -> None:
        Heard.objects.create(
            destination=name, event_id=event.id, subject_id=event.subject.id, version=event.subject.version
        )
