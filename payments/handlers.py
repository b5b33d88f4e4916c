"""What payments do when orders end."""

from decimal import Decimal
from uuid import UUID

from events.envelopes import Envelope
from events.handlers import handles
from orders.states import PaymentMethod
from payments.services.compensating import collect_cash, settle_cancelled_order


@handles("order.cancelled", name="payments.settle_cancelled_order")
def order_cancelled(event: Envelope) -> None:
    amount = event.data.get("refund_amount")
    settle_cancelled_order(
        event.subject.id, refund_amount=None if amount is None else Decimal(str(amount)), cause_event_id=event.id
    )


@handles("order.delivered", name="payments.collect_cash")
def order_delivered(event: Envelope) -> None:
    if event.data["payment_method"] == PaymentMethod.CASH:
        collect_cash(event.subject.id, courier_id=UUID(str(event.data["courier_id"])))
