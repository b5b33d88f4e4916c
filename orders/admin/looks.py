from typing import Final

from django.utils.safestring import SafeString

from accounts.admin_base.display import Tone, badge, linked
from orders.models import Order
from orders.states import OrderStatus

STATUS_TONES: Final = {
    OrderStatus.CREATED: Tone.QUIET,
    OrderStatus.PAID: Tone.WAITING,
    OrderStatus.CONFIRMED: Tone.WAITING,
    OrderStatus.ASSIGNED: Tone.MOVING,
    OrderStatus.PICKED_UP: Tone.MOVING,
    OrderStatus.DELIVERED: Tone.GOOD,
    OrderStatus.FAILED: Tone.BAD,
    OrderStatus.CANCELLED: Tone.WARNING,
}


def status_badge(status: str) -> SafeString:
    known = OrderStatus(status)
    return badge(known.label, tone=STATUS_TONES[known])


def order_link(order: Order) -> SafeString | str:
    return linked(order, order.number)
