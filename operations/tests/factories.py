"""A day on which everything happened once, told through the services."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from api.idempotency.models import IdempotencyKey
from catalog.models import Store
from couriers.models import Assignment, Courier
from couriers.services.accepting import accept_order
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.services.positions import Fix, record_positions
from couriers.services.releasing import give_back
from couriers.states import FailureReason
from couriers.tests.factories import make_courier, make_free_courier, offer
from events.services.relaying import relay
from notifications.services.sending import send_due
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.services.expiry import expire_due_orders
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_product, make_store, make_user
from payments.models import Payment, Refund
from payments.providers.base import NoticeType
from payments.services.refunding import refund_payment
from payments.services.submitting import submit_due
from payments.tests.factories import make_payment_in_review, make_submitted_payment, take


@dataclass(frozen=True)
class Day:
    store: Store
    idle_courier: Courier
    busy_courier: Courier
    placed: Order
    in_review: Payment
    expired: Order
    declined: Order
    cancelled: Order
    cancelled_in_part: Order
    assigned: Order
    picked_up: Order
    failed: Order
    delivered: Order
    delivered_for_cash: Order
    refund: Refund


def busy_day() -> Day:
    """Orders in every state, money in every state, and nobody waiting for an event."""
    store = make_store(delivery_base_fee=Decimal("2.50"))
    day = Day(
        store=store,
        idle_courier=make_courier(),
        busy_courier=make_free_courier(capacity=3),
        placed=order_at(store, tip=Decimal("1.00")),
        in_review=make_payment_in_review(order=order_at(store), captured="1.00"),
        expired=_expired(store),
        declined=_declined(store),
        cancelled=cancelled(store),
        cancelled_in_part=cancelled(store, refund_amount=Decimal("3.00"), restock=False),
        assigned=confirmed(store),
        picked_up=confirmed(store),
        failed=confirmed(store),
        delivered=confirmed(store),
        delivered_for_cash=confirmed(store, payment_method=PaymentMethod.CASH),
        refund=_refunded_in_part(store),
    )
    _carry(day)
    _report_positions(day.busy_courier)
    _keep_an_answer()
    settle_everything()
    return day


def order_at(store: Store, **fields: Any) -> Order:
    return make_order(product=make_product(store, stock=10), quantity=2, **fields)


def confirmed(store: Store, **fields: Any) -> Order:
    order = order_at(store, **fields)
    if order.payment_method != PaymentMethod.CASH:
        paid(order)
    return confirm_order(order.id, actor=staff())


def paid(order: Order) -> Payment:
    payment = make_submitted_payment(order=order)
    take(payment)
    return payment


def settle_everything() -> None:
    """Events arrive, refunds are made, and everybody is told."""
    relay()
    submit_due()
    relay()
    send_due()


def accepted(order: Order, *, courier: Courier) -> Assignment:
    return accept_order(order.id, courier_id=courier.id, actor=Actor.of(courier.user))


def fetched(order: Order, *, courier: Courier) -> Assignment:
    mark_ready(order.id, actor=staff())
    return pick_up(accepted(order, courier=courier).id, actor=Actor.of(courier.user))


def brought(order: Order, *, courier: Courier) -> None:
    deliver(fetched(order, courier=courier).id, actor=Actor.of(courier.user), proof=Proof())


def staff() -> Actor:
    return Actor.of(make_user(Role.DISPATCHER))


def _expired(store: Store) -> Order:
    order = order_at(store)
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    expire_due_orders()
    return order


def _declined(store: Store) -> Order:
    order = order_at(store)
    take(make_submitted_payment(order=order), type=NoticeType.FAILED)
    return order


def cancelled(store: Store, **how: Any) -> Order:
    """Paid, and with its courier on the way to the store; nobody has heard of it yet."""
    order = confirmed(store)
    accepted(order, courier=make_courier())
    return cancel_order(order.id, actor=staff(), reason="Out of tomatoes", **how)


def _refunded_in_part(store: Store) -> Refund:
    payment = paid(order_at(store))
    return refund_payment(payment.id, amount=Decimal("4.00"), reason="A bottle broke", actor=staff())


def _carry(day: Day) -> None:
    """One order was given back, and offered to another courier, before it is assigned for good."""
    courier = day.busy_courier
    given_back = accepted(day.assigned, courier=day.idle_courier)
    give_back(given_back.id, actor=Actor.of(day.idle_courier.user))
    offer(day.assigned, courier)
    accepted(day.assigned, courier=courier)
    fetched(day.picked_up, courier=courier)
    carried = fetched(day.failed, courier=courier)
    fail(carried.id, actor=Actor.of(courier.user), reason=FailureReason.NOBODY_HOME)
    brought(day.delivered, courier=courier)
    brought(day.delivered_for_cash, courier=courier)


def _report_positions(courier: Courier) -> None:
    """By bicycle: 112 m in 20 s, twice."""
    now = timezone.now()
    record_positions(
        courier.id,
        fixes=[
            Fix(latitude=52.52 + step * 0.001, longitude=13.40, recorded_at=now + timedelta(seconds=20 * step - 60))
            for step in range(3)
        ],
    )


def _keep_an_answer() -> None:
    IdempotencyKey.objects.create(
        principal="user:1",
        method="POST",
        path="/api/v2/orders",
        key="k-1",
        fingerprint="0" * 64,
        status=201,
        expires_at=timezone.now() + timedelta(days=settings.IDEMPOTENCY_KEY_DAYS),
    )
