"""Ways to break what must always be true, past the services and where need be past the database's own constraints."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import F, Model
from django.utils import timezone

from api.idempotency.models import IdempotencyKey
from catalog.models import Product, StockEntry, StockReason
from couriers.models import Assignment, Courier, CourierPosition
from couriers.states import AssignmentStatus
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter
from notifications.models import Notification
from operations.tests.factories import Day
from orders.models import Order, TimelineEntry
from orders.states import OrderStatus
from orders.tests.factories import make_product
from payments.models import Payment, PaymentStatus, Provider, Refund, RefundStatus

Break = Callable[[Day], object]


@dataclass(frozen=True)
class Breakage:
    """`carry_out` breaks the rule of `check` and returns what the audit has to name."""

    check: str
    carry_out: Break

    @property
    def name(self) -> str:
        return self.carry_out.__name__


BREAKAGES: Final[list[Breakage]] = []


def breaks(check: str) -> Callable[[Break], Break]:
    def register(carry_out: Break) -> Break:
        BREAKAGES.append(Breakage(check, carry_out))
        return carry_out

    return register


def drop_constraint(model: type[Model], name: str) -> None:
    """PostgreSQL alters no table for which deferred constraints are still to be checked. SQLite cannot drop CHECKs."""
    constraint = next(constraint for constraint in model._meta.constraints if constraint.name == name)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            is_index = hasattr(constraint, "fields")
            cursor.execute(f"DROP INDEX {name}" if is_index else "PRAGMA ignore_check_constraints = ON")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)


def product_of(order: Order) -> Product:
    return order.lines.get().product


# Goods


@breaks("stock-equals-ledger")
def a_piece_appears_from_nowhere(day: Day) -> object:
    product = product_of(day.placed)
    Product.objects.filter(pk=product.pk).update(stock=F("stock") + 1)
    return product.pk


@breaks("stock-not-negative")
def more_is_sold_than_there_was(day: Day) -> object:
    product = product_of(day.placed)
    drop_constraint(Product, "product_stock_not_negative")
    StockEntry.objects.create(product=product, delta=-product.stock - 1, reason=StockReason.COUNTED)
    Product.objects.filter(pk=product.pk).update(stock=-1)
    return product.pk


@breaks("orders-hold-their-lines")
def a_reservation_is_smaller_than_its_line(day: Day) -> object:
    StockEntry.objects.filter(order_id=day.placed.pk).update(delta=-1)
    return day.placed.pk


@breaks("orders-hold-their-lines")
def a_product_is_reserved_that_nobody_ordered(day: Day) -> object:
    StockEntry.objects.create(
        product=make_product(day.store), delta=-1, reason=StockReason.RESERVED, order_id=day.placed.pk
    )
    return day.placed.pk


@breaks("cancelled-goods-are-back")
def cancelled_goods_do_not_come_back(day: Day) -> object:
    StockEntry.objects.filter(order_id=day.cancelled.pk, reason=StockReason.RESTOCKED).delete()
    return day.cancelled.pk


@breaks("cancelled-goods-are-back")
def delivered_goods_come_back(day: Day) -> object:
    StockEntry.objects.create(
        product=product_of(day.delivered), delta=2, reason=StockReason.RESTOCKED, order_id=day.delivered.pk
    )
    return day.delivered.pk


@breaks("cancelled-goods-are-back")
def goods_that_were_to_stay_out_come_back(day: Day) -> object:
    order = day.cancelled_in_part
    StockEntry.objects.create(product=product_of(order), delta=2, reason=StockReason.RESTOCKED, order_id=order.pk)
    return order.pk


# Orders


@breaks("lines-add-up")
def a_line_is_not_in_the_items_total(day: Day) -> object:
    Order.objects.filter(pk=day.placed.pk).update(items_total=F("items_total") - Decimal("0.01"))
    return day.placed.pk


@breaks("lines-add-up")
def an_order_loses_its_lines(day: Day) -> object:
    day.placed.lines.all().delete()
    Order.objects.filter(pk=day.placed.pk).update(items_total=0)
    return day.placed.pk


@breaks("totals-add-up")
def a_charge_is_not_in_the_total(day: Day) -> object:
    Order.objects.filter(pk=day.placed.pk).update(total=F("total") - Decimal("0.01"))
    return day.placed.pk


@breaks("lines-of-one-store")
def a_line_is_of_another_store(day: Day) -> object:
    day.placed.lines.update(product=make_product())
    return day.placed.pk


@breaks("timeline-reaches-state")
def an_order_moves_without_an_entry(day: Day) -> object:
    Order.objects.filter(pk=day.assigned.pk).update(status=OrderStatus.PICKED_UP)
    return day.assigned.pk


@breaks("timeline-reaches-state")
def an_order_changes_without_an_entry(day: Day) -> object:
    Order.objects.filter(pk=day.placed.pk).update(version=F("version") + 1)
    return day.placed.pk


@breaks("timeline-reaches-state")
def an_entry_is_written_for_a_version_to_come(day: Day) -> object:
    order = Order.objects.get(pk=day.placed.pk)
    TimelineEntry.objects.create(
        order=order,
        what="updated",
        from_status=order.status,
        to_status=order.status,
        actor_kind="system",
        order_version=order.version + 1,
    )
    return order.pk


@breaks("timeline-unbroken")
def an_entry_is_lost(day: Day) -> object:
    day.delivered.timeline.get(what="paid").delete()
    return day.delivered.pk


@breaks("timeline-unbroken")
def an_entry_begins_where_the_last_did_not_end(day: Day) -> object:
    day.delivered.timeline.filter(what="assigned").update(from_status=OrderStatus.FAILED)
    return day.delivered.pk


@breaks("timeline-unbroken")
def an_order_jumps_over_a_state(day: Day) -> object:
    day.delivered.timeline.filter(what="picked_up").update(from_status=OrderStatus.CONFIRMED)
    day.delivered.timeline.filter(what="assigned").update(to_status=OrderStatus.CONFIRMED)
    return day.delivered.pk


@breaks("timeline-unbroken")
def an_order_begins_in_the_middle(day: Day) -> object:
    day.placed.timeline.update(to_status=OrderStatus.PAID)
    return day.placed.pk


# Money


@breaks("one-live-payment")
def an_order_is_paid_twice(day: Day) -> object:
    drop_constraint(Payment, "payment_one_live_per_order")
    Payment.objects.create(
        order=day.delivered, provider=Provider.SIMULATED, amount=day.delivered.total, currency=day.delivered.currency
    )
    return day.delivered.pk


@breaks("orders-are-paid")
def an_order_is_delivered_with_a_failed_payment(day: Day) -> object:
    day.delivered.payments.update(status=PaymentStatus.FAILED, succeeded_at=None)
    return day.delivered.pk


@breaks("orders-are-paid")
def an_order_is_carried_without_any_payment(day: Day) -> object:
    day.picked_up.payments.update(order=day.placed)
    return day.picked_up.pk


@breaks("cash-is-collected")
def the_cash_is_gone(day: Day) -> object:
    day.delivered_for_cash.payments.update(order=day.placed)
    return day.delivered_for_cash.pk


@breaks("payments-fit-orders")
def a_payment_took_another_amount(day: Day) -> object:
    day.delivered.payments.update(captured_amount=F("captured_amount") + 1)
    return day.delivered.payments.get().pk


@breaks("payments-fit-orders")
def a_payment_took_another_currency(day: Day) -> object:
    day.delivered.payments.update(captured_currency="USD")
    return day.delivered.payments.get().pk


@breaks("payments-fit-orders")
def an_order_does_not_know_that_it_is_paid(day: Day) -> object:
    Order.objects.filter(pk=day.delivered.pk).update(status=OrderStatus.CREATED, ended_at=None)
    return day.delivered.payments.get().pk


@breaks("payments-fit-orders")
def cash_is_collected_before_the_door(day: Day) -> object:
    day.picked_up.payments.update(provider=Provider.CASH)
    return day.picked_up.payments.get().pk


@breaks("payments-fit-orders")
def a_declined_order_goes_on(day: Day) -> object:
    Order.objects.filter(pk=day.declined.pk).update(status=OrderStatus.CREATED, ended_at=None)
    return day.declined.payments.get().pk


@breaks("refunds-within-captures")
def more_goes_back_than_came(day: Day) -> object:
    Refund.objects.filter(pk=day.refund.pk).update(amount=Decimal("12.51"))
    return day.refund.payment_id


@breaks("cancelled-orders-refunded")
def a_cancelled_order_is_not_refunded(day: Day) -> object:
    Refund.objects.filter(payment__order=day.cancelled).delete()
    return day.cancelled.pk


@breaks("cancelled-orders-refunded")
def the_refund_of_a_cancelled_order_fails(day: Day) -> object:
    Refund.objects.filter(payment__order=day.cancelled).update(status=RefundStatus.FAILED, succeeded_at=None)
    return day.cancelled.pk


@breaks("cancelled-orders-refunded")
def less_is_refunded_than_was_asked(day: Day) -> object:
    Refund.objects.filter(payment__order=day.cancelled_in_part).update(amount=Decimal("2.99"))
    return day.cancelled_in_part.pk


@breaks("refunds-go-on")
def a_refund_is_forgotten(day: Day) -> object:
    Refund.objects.filter(pk=day.refund.pk).update(status=RefundStatus.PENDING, succeeded_at=None)
    return day.refund.pk


# Couriers


@breaks("one-active-courier")
def two_couriers_carry_one_order(day: Day) -> object:
    drop_constraint(Assignment, "assignment_one_active_per_order")
    Assignment.objects.create(order=day.picked_up, courier=day.idle_courier, status=AssignmentStatus.ACCEPTED)
    return day.picked_up.pk


@breaks("couriers-within-capacity")
def a_courier_carries_too_much(day: Day) -> object:
    Assignment.objects.active().update(courier=day.idle_courier)
    return day.idle_courier.pk


@breaks("active-orders-counted")
def a_courier_is_thought_free(day: Day) -> object:
    Courier.objects.filter(pk=day.busy_courier.pk).update(active_orders=F("active_orders") - 1)
    return day.busy_courier.pk


@breaks("orders-in-named-hands")
def an_order_names_another_courier(day: Day) -> object:
    Order.objects.filter(pk=day.assigned.pk).update(courier_id=day.idle_courier.pk)
    return day.assigned.pk


@breaks("orders-in-named-hands")
def a_delivered_order_has_no_courier(day: Day) -> object:
    Order.objects.filter(pk=day.delivered.pk).update(courier_id=None)
    return day.delivered.pk


@breaks("assignments-fit-orders")
def a_courier_still_carries_what_was_delivered(day: Day) -> object:
    day.delivered.assignments.update(status=AssignmentStatus.PICKED_UP)
    return day.delivered.assignments.get().pk


@breaks("assignments-fit-orders")
def the_courier_of_a_cancelled_order_is_not_released(day: Day) -> object:
    day.cancelled.assignments.update(status=AssignmentStatus.ACCEPTED)
    return day.cancelled.assignments.get().pk


@breaks("offers-are-of-waiting-orders")
def what_is_under_way_is_still_offered(day: Day) -> object:
    offers = day.assigned.assignments.filter(courier=day.busy_courier)
    offers.update(status=AssignmentStatus.OFFERED)
    return offers.get().pk


@breaks("couriers-move-plausibly")
def a_courier_leaps(day: Day) -> object:
    """Ten kilometres north of the last position, ten seconds later."""
    last = day.busy_courier.positions.latest("recorded_at")
    CourierPosition.objects.create(
        courier=day.busy_courier,
        latitude=last.latitude + 0.09,
        longitude=last.longitude,
        recorded_at=last.recorded_at + timedelta(seconds=10),
    )
    return f"{day.busy_courier.pk}: 10008 m in 10.0 s"


# Events


@breaks("order-changes-have-events")
def an_order_moves_without_an_event(day: Day) -> object:
    Event.objects.filter(subject_id=day.delivered.pk, type="order.confirmed").delete()
    return day.delivered.pk


@breaks("order-changes-have-events")
def an_event_tells_another_story(day: Day) -> object:
    Event.objects.filter(subject_id=day.delivered.pk, type="order.confirmed").update(type="order.failed")
    return day.delivered.pk


@breaks("order-changes-have-events")
def an_event_tells_what_never_happened(day: Day) -> object:
    told = Event.objects.get(subject_id=day.placed.pk)
    Event.objects.create(
        type="order.updated", subject_type="order", subject_id=told.subject_id, subject_version=told.subject_version + 1
    )
    return day.placed.pk


@breaks("money-changes-have-events")
def a_payment_succeeds_without_an_event(day: Day) -> object:
    payment = day.delivered.payments.get()
    Event.objects.filter(subject_id=payment.pk, type="payment.succeeded").delete()
    return payment.pk


@breaks("money-changes-have-events")
def a_refund_succeeds_without_an_event(day: Day) -> object:
    Event.objects.filter(subject_id=day.refund.pk).delete()
    return day.refund.pk


@breaks("assignment-changes-have-events")
def an_order_is_accepted_without_an_event(day: Day) -> object:
    assignment = day.delivered.assignments.get()
    Event.objects.filter(subject_id=assignment.pk, type="assignment.accepted").delete()
    return assignment.pk


@breaks("assignment-changes-have-events")
def an_assignment_is_released_without_an_event(day: Day) -> object:
    assignment = day.cancelled.assignments.get()
    Event.objects.filter(subject_id=assignment.pk, type="assignment.released").delete()
    return assignment.pk


@breaks("sequence-without-gaps")
def a_sequenced_event_is_lost(day: Day) -> object:
    Event.objects.filter(sequence=7).delete()
    return 8


@breaks("sequence-without-gaps")
def the_first_event_is_lost(day: Day) -> object:
    Event.objects.filter(sequence=1).delete()
    return 2


@breaks("sequence-without-gaps")
def the_counter_runs_ahead(day: Day) -> object:
    last = SequenceCounter.objects.get().last
    SequenceCounter.objects.update(last=last + 1)
    return f"counter {last + 1}, highest {last}"


@breaks("events-in-order")
def an_event_overtakes_another(day: Day) -> object:
    first, second = Event.objects.filter(subject_id=day.delivered.pk).order_by("position")[:2]
    Event.objects.filter(pk=first.pk).update(sequence=None)
    Event.objects.filter(pk=second.pk).update(sequence=first.sequence)
    Event.objects.filter(pk=first.pk).update(sequence=second.sequence)
    return second.event_id


@breaks("events-known")
def an_event_is_of_no_known_type(day: Day) -> object:
    event = Event.objects.get(subject_id=day.placed.pk)
    Event.objects.filter(pk=event.pk).update(type="order.vanished")
    return event.event_id


@breaks("events-arrive")
def a_delivery_is_given_up(day: Day) -> object:
    delivery = EventDelivery.objects.get(subject_id=day.cancelled.pk, destination__startswith="payments.")
    EventDelivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.DEAD, delivered_at=None)
    return f"{delivery.pk} to {delivery.destination}"


@breaks("keys-have-answers")
def a_key_is_kept_without_its_answer(day: Day) -> object:
    IdempotencyKey.objects.update(status=0)
    return IdempotencyKey.objects.get().pk


# Notifications


@breaks("notifications-once")
def somebody_is_told_twice(day: Day) -> object:
    told = Notification.objects.get(order=day.delivered, kind="delivered")
    Notification.objects.create(
        event_id=told.event_id, kind=told.kind, channel=told.channel, recipient="user:another", order=day.delivered,
        address=told.address, language="en", state="skipped", due_since=told.due_since,
    )  # fmt: skip
    return told.event_id


@breaks("notifications-go-on")
def a_message_is_forgotten(day: Day) -> object:
    told = Notification.objects.get(order=day.delivered, kind="delivered")
    two_days_ago = timezone.now() - timedelta(days=2)
    Notification.objects.filter(pk=told.pk).update(state="pending", sent_at=None, next_attempt_at=two_days_ago)
    return told.pk


@breaks("notifications-go-on")
def a_message_is_being_sent_for_ever(day: Day) -> object:
    told = Notification.objects.get(order=day.delivered, kind="delivered")
    two_days_ago = timezone.now() - timedelta(days=2)
    Notification.objects.filter(pk=told.pk).update(state="sending", sent_at=None, leased_until=two_days_ago)
    return told.pk
