"""Request bodies that would work here and now, for the browsable API."""

from collections.abc import Mapping

from accounts.models import User
from api.errors import JSON
from orders.selectors import orders_for
from orders.states import OrderStatus, PaymentMethod
from payments.models import LIVE
from payments.providers.simulated import SimulatedToken


def payment_example(user: User) -> Mapping[str, JSON]:
    """For the newest order that waits to be paid online, where there is one."""
    unpaid = orders_for(user).filter(status=OrderStatus.CREATED, payment_method=PaymentMethod.ONLINE)
    order_id = unpaid.exclude(payments__status__in=LIVE).order_by("-id").values_list("id", flat=True).first()
    return {"order_id": str(order_id or "the id of an order"), "token": SimulatedToken.SUCCESS.value}
