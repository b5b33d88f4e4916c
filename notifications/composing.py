"""From a notification to what leaves: worded in its recipient's language, laid out as HTML and as text."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.channels.base import Text
from notifications.kinds import Channel
from notifications.models import Notification
from notifications.recipients import token_for
from notifications.wording import customers, staff
from notifications.wording.letters import Fact, Letter, Writer, money
from orders.models import ChargeKind, Order

WRITERS: Final[Mapping[str, Writer]] = {**customers.WRITERS, **staff.WRITERS}


def compose(notification: Notification, *, settings_link: str | None = None) -> Text:
    """With the link to its recipient's choices, or another one where somebody else is to read it."""
    link = settings_url(notification.recipient) if settings_link is None else settings_link
    with translation.override(notification.language):
        letter = WRITERS[notification.kind](notification)
        if notification.channel == Channel.SMS:
            return _as_sms(notification, letter)
        return _as_mail(notification, letter, settings_link=link)


def settings_url(recipient: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('notification-settings', args=[token_for(recipient)])}"


def message_id(notification: Notification) -> str:
    """The same each time: should a message go out twice after all, mail servers and programs can tell."""
    return f"<{notification.id}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _as_mail(notification: Notification, letter: Letter, *, settings_link: str) -> Text:
    context = {
        "letter": letter,
        "language": notification.language,
        "lines": _lines(letter.order),
        "total": _total(letter.order),
        "settings_url": settings_link,
    }
    return Text(
        reference=str(notification.id),
        address=notification.address,
        subject=" ".join(letter.subject.split()),
        body=render_to_string("notifications/mail.txt", context),
        html=render_to_string("notifications/mail.html", context),
        headers=_headers(notification, unsubscribe_url=settings_link),
    )


def _headers(notification: Notification, *, unsubscribe_url: str) -> dict[str, str]:
    """RFC 8058: mail programs unsubscribe with one POST. RFC 3834: nobody's absence note answers this."""
    return {
        "Message-ID": message_id(notification),
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Content-Language": notification.language,
    }


def _as_sms(notification: Notification, letter: Letter) -> Text:
    return Text(reference=str(notification.id), address=notification.address, body=letter.short)


def _lines(order: Order | None) -> list[dict[str, Any]]:
    if order is None:
        return []
    goods = [
        {"quantity": line.quantity, "name": line.name, "amount": money(line.line_total, order.currency)}
        for line in order.lines.all()
    ]
    charges = [
        {"quantity": None, "name": _charge(charge.kind), "amount": money(charge.amount, order.currency)}
        for charge in order.charges.all()
    ]
    return [*goods, *charges]


def _charge(kind: str) -> str:
    return {ChargeKind.DELIVERY: _("Delivery"), ChargeKind.TIP: _("Tip")}[ChargeKind(kind)]


def _total(order: Order | None) -> Fact | None:
    return Fact(_("Total"), money(order.total, order.currency)) if order else None
