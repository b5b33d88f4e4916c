"""What waits for somebody, on the first page; each number leads to the list behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F
from django.http import HttpRequest

from accounts.admin_base.display import change_list_url
from accounts.admin_base.scoped import holds_scope, user_of
from catalog.models import Product
from events.models import DeliveryState, EventDelivery
from operations.admin.stuck.page import number_stuck, stuck_url
from orders.models import Order
from orders.selectors import orders_for
from orders.states import ACTIVE, OrderStatus
from payments.models import Payment
from payments.selectors import payments_for


@dataclass(frozen=True, kw_only=True)
class Waiting:
    label: str
    number: int
    url: str
    is_alarm: bool = False


def with_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return {**context, "under_way": list(_under_way(request)), "alarms": list(_alarms(request))}


def _under_way(request: HttpRequest) -> Iterator[Waiting]:
    active = orders_for(user_of(request)).filter(status__in=ACTIVE).order_by()
    numbers = dict(active.values_list("status").annotate(Count("pk")))
    for status in OrderStatus:
        if status in ACTIVE:
            url = change_list_url(Order, status__exact=status.value)
            number = numbers.get(status, 0)
            failed = status == OrderStatus.FAILED and number > 0
            yield Waiting(label=status.label, number=number, url=url, is_alarm=failed)


def _alarms(request: HttpRequest) -> Iterator[Waiting]:
    user = user_of(request)
    yield _alarm("Stuck", number_stuck(request), stuck_url())
    in_review = payments_for(user).filter(pk__in=Payment.objects.in_review().values("pk")).order_by().count()
    yield _alarm("Payments to review", in_review, change_list_url(Payment, review="waiting"))
    low = Product.objects.run_by(user).filter(is_active=True, stock__lte=F("low_stock_threshold")).order_by().count()
    yield _alarm("Products low in stock", low, change_list_url(Product, stock="low", is_active__exact=1))
    if holds_scope(request, "events:read"):
        dead = EventDelivery.objects.filter(state=DeliveryState.DEAD).count()
        yield _alarm("Dead letters", dead, change_list_url(EventDelivery, state__exact=DeliveryState.DEAD.value))


def _alarm(label: str, number: int, url: str) -> Waiting:
    return Waiting(label=label, number=number, url=url, is_alarm=number > 0)
