"""How values look on the Admin site: states as coloured badges, money with its currency, times on the local clock."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

EMPTY = "–"  # noqa: RUF001


class Tone(StrEnum):
    QUIET = "quiet"
    WAITING = "waiting"
    MOVING = "moving"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


def badge(text: str, *, tone: Tone | str = Tone.QUIET) -> SafeString:
    return format_html('<span class="ours-badge ours-{}">{}</span>', str(tone), text)


def money(amount: Decimal, currency: str) -> str:
    """Held together by a no-break space."""
    return f"{amount:,.2f}\N{NO-BREAK SPACE}{currency}"


def delta(amount: int) -> SafeString:
    return format_html('<span class="ours-{}">{}</span>', "more" if amount > 0 else "less", f"{amount:+d}")


def moment(at: datetime | None, *, zone: str = "UTC") -> SafeString | str:
    """A time on the clock of `zone` (an IANA name); pointing at it shows the time in UTC."""
    if at is None:
        return EMPTY
    local, universal = at.astimezone(ZoneInfo(zone)), at.astimezone(UTC)
    this_year = local.year == timezone.now().year
    return format_html(
        '<time datetime="{}" title="{} UTC" class="ours-moment">{}</time>',
        universal.isoformat(),
        date_format(universal, "Y-m-d H:i:s"),
        date_format(local, "j M, H:i" if this_year else "j M Y, H:i"),
    )


def change_url(model: type[Model] | Model | str, pk: UUID | int) -> str:
    """The page of an object; of a model that the caller's app must not import, by its label."""
    return reverse(f"admin:{_url_name(model)}_change", args=(pk,))


def change_list_url(model: type[Model] | str, **filters: object) -> str:
    url = reverse(f"admin:{_url_name(model)}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def _url_name(model: type[Model] | Model | str) -> str:
    options = apps.get_model(model)._meta if isinstance(model, str) else model._meta
    return f"{options.app_label}_{options.model_name}"


def linked(target: Model | None, text: str | None = None) -> SafeString | str:
    if target is None:
        return EMPTY
    return format_html('<a class="ours-link" href="{}">{}</a>', change_url(target, target.pk), text or str(target))
