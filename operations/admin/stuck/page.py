"""The page of all kinds of cases, and how many there are, for the first page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin_base.scoped import holds_scope
from operations.admin.stuck.carrying import KeptCouriers
from operations.admin.stuck.cases import SHOWN, Case, Desk, Kind, oldest_cases
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
        cases = oldest_cases(kind, desk=desk, most=SHOWN + 1)
        yield Section(kind=kind, cases=cases[:SHOWN], has_more=len(cases) > SHOWN)


def stuck_url(kind: Kind) -> str:
    """Where all of this kind are shown."""
    return f"{reverse('stuck')}#{kind.key}"


def _kinds_for(desk: Desk) -> Iterator[Kind]:
    return (kind for kind in KINDS if desk.may(kind.scope))
