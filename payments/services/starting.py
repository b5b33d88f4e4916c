"""Beginning to pay: an online charge that a provider will be asked for, or a shop's word that it was paid elsewhere."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor, ActorKind
from api.transactions import transactional
from api.waking import wake
from orders.locks import lock_order
from orders.models import Order
from orders.services.paying import begin_payment, mark_paid, pay_elsewhere
from orders.states import BEFOREHAND, FINAL, OrderStatus, PaymentMethod
from payments.errors import ExternalPaymentRefused, OrderNotPayable, PaymentExists, PaymentMethodMismatch
from payments.locks import lock_live_payment
from payments.models import Payment, PaymentStatus, Provider
from payments.services.recording import publish_payment
from payments.services.reviewing import hold_for_review


@transactional
def start_online_payment(order_id: UUID, *, token: str, actor: Actor, notify_url: str) -> Payment:
    """Write down what is to be charged; the provider is asked after the commit, by a worker.

    `notify_url` is where the provider's notice finds us unless the settings know better.
    Raises OrderNotFound, PaymentMethodMismatch, PaymentExists, OrderNotPayable.
    """
    order = lock_order(order_id)
    _refuse_unless_payable(order, by=frozenset({PaymentMethod.ONLINE}))
    begin_payment(order)
    payment = _create(
        order,
        provider=Provider.SIMULATED,
        token=token,
        notify_url=notify_url,
        actor=actor,
        submit_at=timezone.now(),
    )
    wake("payments.submit_due")
    return payment


@transactional
def state_external_payment(order_id: UUID, *, reference: str, amount: Decimal, actor: Actor) -> Payment:
    """Take an integrator's word that the shop has charged `amount` in the order's currency, for an order that was to be
    paid online, too.

    Raises ExternalPaymentRefused, OrderNotFound, PaymentMethodMismatch, PaymentExists, OrderNotPayable.
    """
    if actor.kind != ActorKind.INTEGRATOR:
        raise ExternalPaymentRefused
    order = lock_order(order_id)
    _refuse_unless_payable(order, by=BEFOREHAND)
    if order.payment_method != PaymentMethod.EXTERNAL:
        pay_elsewhere(order, actor=actor)
    begin_payment(order)
    if amount != order.total:
        payment = _create(order, provider=Provider.EXTERNAL, reference=reference, actor=actor)
        hold_for_review(payment, captured_amount=amount, captured_currency=order.currency)
        return payment
    payment = _create(
        order,
        provider=Provider.EXTERNAL,
        reference=reference,
        actor=actor,
        status=PaymentStatus.SUCCEEDED,
        succeeded_at=timezone.now(),
        captured_amount=amount,
        captured_currency=order.currency,
    )
    publish_payment(payment, "succeeded")
    mark_paid(order, actor=actor)
    return payment


def _refuse_unless_payable(order: Order, *, by: frozenset[PaymentMethod]) -> None:
    """A payment that exists is named even when it has paid the order, so that a caller who lost the answer finds it."""
    if order.payment_method not in by:
        raise PaymentMethodMismatch(payment_method=order.payment_method)
    live = lock_live_payment(order)
    if live is not None and order.status not in FINAL:
        raise PaymentExists(payment_id=str(live.id))
    if order.status != OrderStatus.CREATED:
        raise OrderNotPayable(order_status=order.status)


def _create(order: Order, *, actor: Actor, **fields: Any) -> Payment:
    """For what the order costs now. The caller holds the order's lock."""
    return Payment.objects.create(
        order=order, amount=order.total, currency=order.currency, created_by_id=actor.user_id, **fields
    )
