"""What needs somebody now, most urgent first, cut down to what this member of staff may see.

One query counts everything; of the kinds that have something, a few of the oldest are read, in a fixed number of
queries each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin_base.display import Tone, change_list_url
from accounts.admin_base.moves import Button
from accounts.admin_base.scoped import user_of
from operations.admin.start.kinds import (
    DeadLetters,
    DisabledEndpoints,
    LateOrders,
    LowStock,
    SilentCouriers,
    dead_letters_url,
    disabled_endpoints_url,
    late_orders_url,
    low_stock_url,
    silent_couriers_url,
)
from operations.admin.stuck.carrying import KeptCouriers
from operations.admin.stuck.cases import Case, Desk, Kind, numbers_of, oldest_cases
from operations.admin.stuck.money import FailedRefunds, InReview, NotGivenBack, RefundsUnderWay, Unanswered
from operations.admin.stuck.orders import FailedDelivery, NotExpired, Unconfirmed, WithoutCourier
from operations.admin.stuck.page import stuck_url
from orders.models import Order
from orders.selectors import orders_for
from orders.states import ACTIVE, OrderStatus

SHOWN: Final = 3


@dataclass(frozen=True)
class Watched:
    """A kind of need, and where all of it are listed: by default on the page of what is stuck."""

    kind: Kind
    icon: str
    url: Callable[[], str] | None = None
    tone: Tone = Tone.WARNING
    aged: str = ""

    @property
    def all_url(self) -> str:
        return self.url() if self.url else stuck_url(self.kind)


# Where somebody waits hungry first, then where money waits, then what will hurt later.
WATCHED: Final[Sequence[Watched]] = (
    Watched(LateOrders(), "timer", late_orders_url, tone=Tone.BAD, aged="late"),
    Watched(WithoutCourier(), "person_search", tone=Tone.BAD),
    Watched(Unconfirmed(), "storefront", tone=Tone.BAD),
    Watched(FailedDelivery(), "wrong_location", tone=Tone.BAD),
    Watched(SilentCouriers(), "location_off", silent_couriers_url, aged="silent"),
    Watched(InReview(), "rule"),
    Watched(FailedRefunds(), "money_off", tone=Tone.BAD),
    Watched(NotGivenBack(), "undo"),
    Watched(KeptCouriers(), "person_off"),
    Watched(Unanswered(), "hourglass_top"),
    Watched(RefundsUnderWay(), "hourglass_bottom"),
    Watched(NotExpired(), "event_busy"),
    Watched(DeadLetters(), "mail_off", dead_letters_url),
    Watched(DisabledEndpoints(), "power_off", disabled_endpoints_url),
    Watched(LowStock(), "inventory", low_stock_url),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """`button` is the one that helps; one that gives the thing up is for whoever has looked at it."""

    case: Case

    @property
    def button(self) -> Button | None:
        return next((button for button in self.case.buttons if button.move.tone != "danger"), None)


@dataclass(frozen=True, kw_only=True)
class Need:
    watched: Watched
    number: int
    cases: Sequence[Case]

    @property
    def rows(self) -> Sequence[Row]:
        return [Row(case=case) for case in self.cases]

    @property
    def kind(self) -> Kind:
        return self.watched.kind


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    label: str
    number: int
    url: str
    is_alarm: bool = False


def with_start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    desk = Desk(request=request)
    watched = [one for one in WATCHED if desk.may(one.kind.scope)]
    numbers = numbers_of([one.kind for one in watched], desk=desk)
    counted = list(zip(watched, numbers, strict=True))
    return {
        **context,
        "looked_at": timezone.now(),
        "under_way": list(_under_way(request)),
        "needs": [_need(one, number, desk=desk) for one, number in counted if number],
        "well": [one.kind.title for one, number in counted if not number],
        "next": request.path,
    }


def _need(watched: Watched, number: int, *, desk: Desk) -> Need:
    return Need(watched=watched, number=number, cases=oldest_cases(watched.kind, desk=desk, most=SHOWN))


def _under_way(request: HttpRequest) -> Iterator[UnderWay]:
    active = orders_for(user_of(request)).filter(status__in=ACTIVE).order_by()
    numbers = dict(active.values_list("status").annotate(Count("pk")))
    for status in OrderStatus:
        if status in ACTIVE:
            url = change_list_url(Order, status__exact=status.value)
            number = numbers.get(status, 0)
            failed = status == OrderStatus.FAILED and number > 0
            yield UnderWay(label=status.label, number=number, url=url, is_alarm=failed)
