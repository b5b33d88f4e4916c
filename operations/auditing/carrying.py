"""Couriers: who has which order in hand, and how much they carry."""

from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q

from couriers.models import Assignment, Courier
from couriers.states import ACTIVE, AssignmentStatus
from operations.auditing.findings import Check, Findings, findings
from operations.auditing.waiting import on_its_way
from orders.models import Order
from orders.states import OrderStatus

IN_HAND: Final = {
    OrderStatus.ASSIGNED: AssignmentStatus.ACCEPTED,
    OrderStatus.PICKED_UP: AssignmentStatus.PICKED_UP,
    OrderStatus.DELIVERED: AssignmentStatus.DELIVERED,
    OrderStatus.FAILED: AssignmentStatus.FAILED,
}


def orders_have_one_courier() -> Findings:
    active = Assignment.objects.active().order_by("order_id")
    several = active.values("order_id").annotate(count=Count("id")).filter(count__gt=1)
    return findings(examined=active.count(), offenders=several.values_list("order_id", flat=True).iterator())


def couriers_stay_within_capacity() -> Findings:
    """By the assignments themselves, not by the number that repeats them."""
    couriers = Courier.objects.order_by("pk").values("pk", "capacity")
    over = couriers.annotate(load=_LOAD).filter(load__gt=F("capacity"))
    return findings(examined=Courier.objects.count(), offenders=over.values_list("pk", flat=True).iterator())


def active_orders_are_counted() -> Findings:
    couriers = Courier.objects.order_by("pk").values("pk", "active_orders")
    off = couriers.annotate(load=_LOAD).exclude(load=F("active_orders"))
    return findings(examined=Courier.objects.count(), offenders=off.values_list("pk", flat=True).iterator())


_LOAD: Final = Count("assignments", filter=Q(assignments__status__in=ACTIVE))


def orders_are_in_the_hands_they_name() -> Findings:
    """An order with a courier has that courier's assignment, in the state that goes with the order's."""
    in_hand = Q(pk__in=[])
    for order_status, assignment_status in IN_HAND.items():
        held = Assignment.objects.filter(order=OuterRef("pk"), courier=OuterRef("courier_id"), status=assignment_status)
        in_hand |= Q(Exists(held), status=order_status)
    with_courier = Order.objects.filter(status__in=IN_HAND)
    off = with_courier.exclude(in_hand).order_by("id")
    return findings(examined=with_courier.count(), offenders=off.values_list("id", flat=True).iterator())


def assignments_fit_their_orders() -> Findings:
    """The courier of a cancelled order is released by event, so until then the two differ."""
    fitting = Q(pk__in=[])
    for order_status, assignment_status in IN_HAND.items():
        fitting |= Q(status=assignment_status, order__status=order_status)
    bound = Assignment.objects.filter(status__in=(*ACTIVE, AssignmentStatus.DELIVERED))
    off = bound.exclude(fitting).order_by("id")
    waiting = Q(status__in=ACTIVE, order__status=OrderStatus.CANCELLED) & Q(
        on_its_way("order.cancelled", to="couriers", order="order_id")
    )
    return findings(
        examined=bound.count(),
        offenders=off.exclude(waiting).values_list("id", flat=True).iterator(),
        pending=off.filter(waiting).count(),
    )


def offers_are_of_waiting_orders() -> Findings:
    """Those of a cancelled order end by event, so until then they stand."""
    offers = Assignment.objects.filter(offered_at__isnull=False)
    off = offers.filter(status=AssignmentStatus.OFFERED).exclude(order__status=OrderStatus.CONFIRMED).order_by("id")
    waiting = Q(order__status=OrderStatus.CANCELLED) & Q(on_its_way("order.cancelled", to="couriers", order="order_id"))
    return findings(
        examined=offers.count(),
        offenders=off.exclude(waiting).values_list("id", flat=True).iterator(),
        pending=off.filter(waiting).count(),
    )


CHECKS: Final = (
    Check("one-active-courier", "No order is in the hands of two couriers.", orders_have_one_courier),
    Check(
        "couriers-within-capacity",
        "No courier has more orders in hand than their capacity.",
        couriers_stay_within_capacity,
    ),
    Check(
        "active-orders-counted",
        "A courier's active_orders is the number of their active assignments.",
        active_orders_are_counted,
    ),
    Check(
        "orders-in-named-hands",
        "An assigned, picked up, delivered or failed order has its courier's assignment in the same state.",
        orders_are_in_the_hands_they_name,
    ),
    Check(
        "assignments-fit-orders",
        "An assignment that is accepted, picked up or delivered is of an order in that state.",
        assignments_fit_their_orders,
    ),
    Check(
        "offers-are-of-waiting-orders",
        "An order that is offered to somebody waits for a courier.",
        offers_are_of_waiting_orders,
    ),
)
