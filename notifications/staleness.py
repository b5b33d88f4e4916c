"""Old news is no news: why a notification is not sent any more. Asked immediately before it would be."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from catalog.models import Product
from events.models import DeliveryState, EventDelivery
from notifications.kinds import Kind
from notifications.models import Notification
from orders.states import WITH_COURIER, OrderStatus
from payments.models import Payment

NO_ADDRESS: Final = "The address was removed."

# While an order is in one of these states, the message about it is still true.
STILL_TRUE: Final[Mapping[str, frozenset[OrderStatus]]] = {
    Kind.ORDER_CONFIRMED: frozenset({OrderStatus.CONFIRMED, OrderStatus.ASSIGNED}),
    Kind.COURIER_ASSIGNED: frozenset({OrderStatus.ASSIGNED}),
    Kind.ON_ITS_WAY: frozenset({OrderStatus.PICKED_UP}),
    Kind.DELIVERED: frozenset({OrderStatus.DELIVERED}),
    Kind.CANCELLED: frozenset({OrderStatus.CANCELLED}),
    Kind.ASSIGNMENT_GIVEN: WITH_COURIER,
    Kind.COURIER_NOT_FOUND: frozenset({OrderStatus.CONFIRMED}),
}
NAMING_A_COURIER: Final = frozenset({Kind.COURIER_ASSIGNED, Kind.ASSIGNMENT_GIVEN})


def reason_to_skip(notification: Notification) -> str:
    """In a sentence for staff; empty where it is to be sent."""
    if not notification.address:
        return NO_ADDRESS
    late = timezone.now() - notification.due_since
    if late > timedelta(hours=settings.NOTIFICATION_MAX_AGE_HOURS):
        return f"Too late: {late.total_seconds() / 3600:.0f} hours after the event."
    return _overtaken_by_order(notification) or _overtaken_otherwise(notification)


def _overtaken_by_order(notification: Notification) -> str:
    order, true_in = notification.order, STILL_TRUE.get(notification.kind)
    if order is None or true_in is None:
        return ""
    if order.status not in true_in:
        return f"Not news any more: the order is {order.get_status_display().lower()}."
    if notification.kind in NAMING_A_COURIER and str(order.courier_id) != notification.data.get("courier_id"):
        return "Not true any more: another courier has the order."
    return ""


def _overtaken_otherwise(notification: Notification) -> str:
    asks = _ASKS.get(notification.kind)
    return asks(notification) if asks else ""


def _stock_is_back(notification: Notification) -> str:
    product = Product.objects.get(id=UUID(notification.data["product_id"]))
    return "" if product.stock <= product.low_stock_threshold else "Not true any more: there is more in stock again."


def _review_is_over(notification: Notification) -> str:
    in_review = Payment.objects.in_review().filter(id=UUID(notification.data["payment_id"]))
    return "" if in_review.exists() else "Not true any more: the payment was decided."


def _letters_were_sent_again(notification: Notification) -> str:
    dead = EventDelivery.objects.filter(destination=notification.data["destination"], state=DeliveryState.DEAD)
    return "" if dead.exists() else "Not true any more: no dead letter is left at this destination."


_ASKS: Final[Mapping[str, Callable[[Notification], str]]] = {
    Kind.STOCK_LOW: _stock_is_back,
    Kind.PAYMENT_REVIEW: _review_is_over,
    Kind.DEAD_LETTERS: _letters_were_sent_again,
}
