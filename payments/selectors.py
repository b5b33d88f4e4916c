"""Which payments a user may see, and finding one of them."""

from uuid import UUID

from accounts.models import User
from orders.selectors import orders_for
from payments.errors import PaymentNotFound
from payments.models import Payment, PaymentQuerySet


def payments_for(user: User) -> PaymentQuerySet:
    """Those of the orders the user may see, with what each has refunded."""
    return payments_of(user).with_refunded_amount()


def payments_of(user: User) -> PaymentQuerySet:
    """The same, bare."""
    return Payment.objects.all() if user.sees_all_stores else Payment.objects.filter(order__in=orders_for(user))


def payment_for(user: User, payment_id: UUID) -> Payment:
    """Raises PaymentNotFound, for foreign payments too: who may not see one does not learn that it exists."""
    payment = payments_for(user).filter(id=payment_id).first()
    if payment is None:
        raise PaymentNotFound
    return payment
