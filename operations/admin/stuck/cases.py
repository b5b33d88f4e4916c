"""What all kinds of cases have in common: how they are found, counted and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Count, Model, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin_base.moves import Button, MovingAdmin
from accounts.admin_base.scoped import holds_scope, user_of
from accounts.models import User
from orders.models import Order

SHOWN: Final = 25
# Longer than the retries of an event's handler take: what is to follow a cancellation has followed, or is stuck.
GRACE: Final = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Who looks, and when. Everything is cut down to what they may see."""

    request: HttpRequest
    now: datetime = field(default_factory=timezone.now)

    @property
    def user(self) -> User:
        return user_of(self.request)

    def before(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=seconds)

    def may(self, scope: str) -> bool:
        return holds_scope(self.request, scope)

    def buttons(self, target: Model, *names: str) -> Sequence[Button]:
        """Of those on the object's own page: what they do, one service does, in both places."""
        page = admin.site.get_model_admin(type(target))
        assert isinstance(page, MovingAdmin)
        return page.buttons_for(target, request=self.request, only=names)


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a case is about where that is no order."""

    name: str
    url: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """`order` is None where it cannot be named any more, or where the case is about something else. Texts may hold
    marked-up times."""

    order: Order | None
    since: datetime
    about: Named | None = None
    happened: str
    by_itself: str = "Nothing."
    buttons: Sequence[Button] = ()
    links: Sequence[tuple[str, str]] = ()
    age: str = ""


class Kind:
    """One way of being stuck. `advice` is for who sees it without a button that helps."""

    key: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    scope: ClassVar[str] = "orders:read"
    advice: ClassVar[str] = "A dispatcher can help."
    oldest_first: ClassVar[str]

    def rows(self, desk: Desk) -> QuerySet[Any]:
        """All of them, oldest or not, without what only showing them needs."""
        raise NotImplementedError

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With what showing them needs."""
        return rows

    def cases(self, rows: Sequence[Any], *, desk: Desk) -> Sequence[Case]:
        """In the order of the rows, in a fixed number of queries."""
        return [self.case(row, desk=desk) for row in rows]

    def case(self, row: Any, *, desk: Desk) -> Case:
        raise NotImplementedError


def numbers_of(kinds: Sequence[Kind], *, desk: Desk) -> Sequence[int]:
    """How many rows each kind has, in one query."""
    numbers: dict[str, Any] = {f"n{place}": number_of(kind.rows(desk)) for place, kind in enumerate(kinds)}
    me = User.objects.filter(pk=desk.user.pk).order_by().annotate(**numbers)
    counted: Sequence[int] = me.values_list(*numbers).get()
    return counted


def oldest_cases(kind: Kind, *, desk: Desk, most: int) -> Sequence[Case]:
    rows = list(kind.shown(kind.rows(desk)).order_by(kind.oldest_first, "pk")[:most])
    return [replace(case, age=case.age or age_of(case.since, now=desk.now)) for case in kind.cases(rows, desk=desk)]


def number_of(rows: QuerySet[Any]) -> Coalesce:
    """How many rows, as a part of another query."""
    counted = rows.order_by().values(all=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def age_of(since: datetime, *, now: datetime) -> str:
    """In the unit in which one would say it."""
    seconds = max(int((now - since).total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds}\N{NO-BREAK SPACE}s"
