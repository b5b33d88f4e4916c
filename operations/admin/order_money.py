"""What an order costs, what came, what went back, and who owes what to whom now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from accounts.admin_base.display import Tone
from operations.auditing.money import owing
from orders.models import Order
from orders.states import OrderStatus, PaymentMethod
from payments.models import Payment, RefundStatus

NOTHING: Final = Decimal("0.00")
OWED: Final = {
    PaymentMethod.CASH: "To be collected at the door",
    PaymentMethod.ONLINE: "To be paid",
    PaymentMethod.EXTERNAL: "To be charged by the shop",
}


@dataclass(frozen=True, kw_only=True)
class Sum:
    label: str
    amount: Decimal
    tone: Tone | None = None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """`elsewhere`: money came in another currency, which these sums leave out."""

    sums: Sequence[Sum]
    currency: str
    elsewhere: bool


def balance_of(order: Order, payments: Sequence[Payment]) -> Balance:
    """The payments with their refunds, read before."""
    ours = [one for one in payments if one.captured_currency == order.currency]
    captured = sum((one.captured_amount for one in ours), NOTHING)
    return Balance(
        sums=list(_sums(order, ours, captured=captured)),
        currency=order.currency,
        elsewhere=any(one.is_captured and one.captured_currency != order.currency for one in payments),
    )


def _sums(order: Order, payments: Sequence[Payment], *, captured: Decimal) -> Iterator[Sum]:
    yield Sum(label="Captured", amount=captured)
    given, on_its_way = (_refunds(payments, status) for status in (RefundStatus.SUCCEEDED, RefundStatus.PENDING))
    if given:
        yield Sum(label="Given back", amount=-given)
    if on_its_way:
        yield Sum(label="On its way back", amount=-on_its_way, tone=Tone.WAITING)
    if given or on_its_way:
        yield Sum(label="Kept", amount=captured - given - on_its_way)
    if order.status == OrderStatus.CANCELLED:
        yield from _owed_to_customer(order, captured=captured)
    elif captured < order.total:
        label = OWED[PaymentMethod(order.payment_method)]
        yield Sum(label=label, amount=order.total - captured, tone=_tone_of_debt(order))


def _owed_to_customer(order: Order, *, captured: Decimal) -> Iterator[Sum]:
    """As the audit reckons it: of what the cancellation said is to go back, what is not on its way."""
    owed: Any = owing(Order.objects.filter(pk=order.pk)).first() if captured else None
    if owed is not None:
        yield Sum(label="Owed to the customer", amount=owed.due - owed.given, tone=Tone.BAD)


def _tone_of_debt(order: Order) -> Tone:
    """Cash is due at the door; whatever else is on its way has been paid before."""
    is_cash = order.payment_method == PaymentMethod.CASH
    return Tone.WAITING if order.status == OrderStatus.CREATED or is_cash else Tone.BAD


def _refunds(payments: Sequence[Payment], status: RefundStatus) -> Decimal:
    refunds = (refund for payment in payments for refund in payment.refunds.all() if refund.status == status)
    return sum((refund.amount for refund in refunds), NOTHING)
