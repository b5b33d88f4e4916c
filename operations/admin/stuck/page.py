"""The page of all kinds of cases, and how many there are, for the first page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin_base.scoped import holds_scope
from accounts.models import User
from operations.admin.stuck.carrying import KeptCouriers
from operations.admin.stuck.cases import SHOWN, Case, Desk, Kind, age_of, number_of
from operations.admin.stuck.letters import DeadLetters
from operations.admin.stuck.money import FailedRefunds, InReview, NotGivenBack, RefundsUnderWay, Unanswered
from operations.admin.stuck.orders import FailedDelivery, NotExpired, Unconfirmed, WithoutCourier

READ: Final = "orders:read"

# What costs a customer money or food first, what repairs itself last.
KINDS: Final[Sequence[Kind]] = (
    FailedRefunds(), NotGivenBack(), InReview(), Unconfirmed(), WithoutCourier(), FailedDelivery(), KeptCouriers(),
    DeadLetters(), Unanswered(), RefundsUnderWay(), NotExpired(),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Section:
    kind: Kind
    cases: Sequence[Case]
    has_more: bool

    @property
    def number(self) -> str:
        return f"{len(self.cases)}+" if self.has_more else str(len(self.cases))


def stuck_page(request: HttpRequest) -> HttpResponse:
    if not holds_scope(request, READ):
        raise PermissionDenied
    sections = list(_sections(Desk(request=request)))
    context = {
        **admin.site.each_context(request),
        "title": "What is stuck",
        "sections": [section for section in sections if section.cases],
        "looked_for": [section.kind for section in sections],
        "next": request.path,
    }
    return TemplateResponse(request, "admin/stuck.html", context)


def _sections(desk: Desk) -> Iterator[Section]:
    for kind in _kinds_for(desk):
        rows = list(kind.shown(kind.rows(desk)).order_by(kind.oldest_first, "pk")[: SHOWN + 1])
        cases = kind.cases(rows[:SHOWN], desk=desk)
        aged = [replace(case, age=age_of(case.since, now=desk.now)) for case in cases]
        yield Section(kind=kind, cases=aged, has_more=len(rows) > SHOWN)


def number_stuck(request: HttpRequest) -> int:
    """In one query."""
    desk = Desk(request=request)
    numbers: dict[str, Any] = {f"n{place}": number_of(kind.rows(desk)) for place, kind in enumerate(_kinds_for(desk))}
    me = User.objects.filter(pk=desk.user.pk).order_by().annotate(**numbers)
    return sum(me.values_list(*numbers).get())


def stuck_url() -> str:
    return reverse("stuck")


def _kinds_for(desk: Desk) -> Iterator[Kind]:
    return (kind for kind in KINDS if desk.may(kind.scope))
