from typing import Final

from django.utils.safestring import SafeString

from accounts.admin_base.display import Tone, badge, linked
from orders.models import Order
from orders.states import IN_PREPARATION, OrderStatus

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


def kitchen_badge(order: Order) -> SafeString | None:
    if order.status not in IN_PREPARATION:
        return None
    return badge("Ready", tone=Tone.GOOD) if order.ready_at else badge("Preparing")


def order_link(order: Order) -> SafeString | str:
    return linked(order, order.number)
