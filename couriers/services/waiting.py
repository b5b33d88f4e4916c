"""Telling that an order waits for a courier in vain: once for each time it begins to wait."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from api.transactions import transactional
from couriers.models import WaitReport
from orders.locks import lock_order
from orders.models import Order
from orders.services.recording import publish_fact
from orders.services.sweeping import sweep
from orders.states import OrderStatus

BATCH = 200


def report_waiting_orders() -> int:
    """Publish `order.courier_not_found` for those that wait too long, each in its own transaction; returns how many."""
    waiting = unreported(timezone.now()).order_by("status_changed_at")
    return sweep(list(waiting.values_list("id", flat=True)[:BATCH]), work=_report)


def unreported(now: datetime) -> QuerySet[Order]:
    """A wait begins when the order becomes confirmed: at first, when a courier gives it back, when it starts over."""
    before = now - timedelta(seconds=settings.COURIER_NOT_FOUND_SECONDS)
    told = WaitReport.objects.filter(order=OuterRef("pk"), since=OuterRef("status_changed_at"))
    waiting = Order.objects.in_status_since_before(before, status=OrderStatus.CONFIRMED)
    return waiting.filter(~Exists(told))


@transactional
def _report(order_id: UUID) -> bool:
    """Looks again under the lock: a courier may have accepted it, or another sweep told of it, in between."""
    order, now = lock_order(order_id), timezone.now()
    if not unreported(now).filter(pk=order.pk).exists():
        return False
    _tell(order, now=now)
    return True


@transactional
def report_refused_order(order_id: UUID) -> bool:
    """Tell of an order at once, because everybody who could carry it has been asked in vain."""
    order = lock_order(order_id)
    told = WaitReport.objects.filter(order=order, since=order.status_changed_at)
    if order.status != OrderStatus.CONFIRMED or told.exists():
        return False
    _tell(order, now=timezone.now())
    return True


def _tell(order: Order, *, now: datetime) -> None:
    WaitReport.objects.create(order=order, since=order.status_changed_at)
    waiting_seconds = int((now - order.status_changed_at).total_seconds())
    publish_fact(order, what="courier_not_found", data={"waiting_seconds": waiting_seconds})
