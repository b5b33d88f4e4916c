"""The parts of a message, before they are laid out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from catalog.money import money_words
from notifications.models import Notification
from orders.models import Order


class Fact(NamedTuple):
    label: str
    value: str


class Action(NamedTuple):
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`short` is the whole message where there is little room. `why` says why the recipient gets it."""

    subject: str
    headline: str
    paragraphs: tuple[str, ...]
    why: str
    greeting: str = ""
    facts: tuple[Fact, ...] = ()
    action: Action | None = None
    order: Order | None = None
    short: str = ""
    tone: str = "good"


Writer = Callable[[Notification], Letter]


def order_of(notification: Notification) -> Order:
    assert notification.order is not None
    return notification.order


def money(amount: Any, currency: str) -> str:
    """Of an amount that an event may have written down as text, too."""
    return money_words(Decimal(str(amount)), currency)


def clock(moment: datetime, *, zone: str) -> str:
    """As on the tracking page."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def tracking_url(order: Order) -> str:
    return f"{settings.PUBLIC_URL}{order.tracking_path}"


def admin_url(page: str, *args: Any, query: str = "") -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'admin:{page}', args=args)}{query}"
