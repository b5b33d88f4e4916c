"""Writing down who is to be told of an event. Sending is another matter, and another transaction."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.utils import timezone

from api.errors import JSON
from api.waking import wake
from events.envelopes import Envelope
from notifications.kinds import TERMS, Kind, Option
from notifications.models import Notification, Preferences, State
from notifications.recipients import Recipient

TASK: Final = "notifications.send_due"
UNWANTED: Final = "The recipient does not want it."


@dataclass(frozen=True, kw_only=True)
class News:
    """What an event means to its recipients. `data` is what the message will speak of; it names nobody."""

    event: Envelope
    kind: Kind
    order_id: UUID | None = None
    data: Mapping[str, JSON] = field(default_factory=dict)
    collapse_key: str = ""


def announce(news: News, *, to: Iterable[Recipient]) -> None:
    """One row per recipient and channel, whoever else is writing the same ones at this moment.

    Who does not want it gets a row that says so, unless it comes only when asked for.
    """
    recipients = list(to)
    if not recipients:
        return
    wishes = Preferences.objects.in_bulk([recipient.key for recipient in recipients], field_name="recipient")
    rows = [
        row
        for recipient in recipients
        for row in _rows(news, recipient, wishes.get(recipient.key, Preferences()))
    ]  # fmt: skip
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    if any(row.state == State.PENDING for row in rows):
        wake(TASK)


def hourly(news_of: str, event: Envelope) -> str:
    """The collapse key of what a recipient hears about once an hour, however often it happens."""
    return f"{news_of}:{event.occurred_at:%Y-%m-%dT%H}"


def _rows(news: News, recipient: Recipient, wishes: Preferences) -> Iterator[Notification]:
    for channel in TERMS[news.kind].channels:
        option, address = Option(news.kind, channel), recipient.address(channel)
        is_wanted = wishes.wants(option)
        if not address or not (is_wanted or option.by_default):
            continue
        yield Notification(
            event_id=news.event.id,
            kind=news.kind,
            channel=channel,
            recipient=recipient.key,
            user_id=recipient.user_id,
            order_id=news.order_id,
            address=address,
            language=wishes.spoken_language,
            data=dict(news.data),
            collapse_key=news.collapse_key,
            state=State.PENDING if is_wanted else State.SKIPPED,
            error="" if is_wanted else UNWANTED,
            due_since=news.event.occurred_at,
            next_attempt_at=timezone.now(),
            correlation_id=news.event.correlation_id,
        )
