"""Goods: the shelves, the ledger, and what orders hold."""

from itertools import chain
from typing import Final

from django.db.models import Exists, F, OuterRef, Sum
from django.db.models.functions import Coalesce

from catalog.models import Product, StockEntry, StockReason
from events.models import Event
from operations.auditing.findings import Check, Findings, findings
from operations.auditing.retained import is_past_retention
from orders.models import Order, OrderLine
from orders.states import OrderStatus


def stock_equals_ledger() -> Findings:
    products = Product.objects.order_by("id").values("id", "stock")
    off = products.annotate(ledger=Coalesce(Sum("stock_entries__delta"), 0)).exclude(stock=F("ledger"))
    return findings(examined=Product.objects.count(), offenders=off.values_list("id", flat=True).iterator())


def stock_is_not_negative() -> Findings:
    negative = Product.objects.order_by("id").filter(stock__lt=0)
    return findings(examined=Product.objects.count(), offenders=negative.values_list("id", flat=True).iterator())


def orders_hold_their_lines() -> Findings:
    """Both ways: lines without their reservation, and reservations without a line."""
    reservations = StockEntry.objects.filter(reason=StockReason.RESERVED)
    reserved = reservations.filter(
        order_id=OuterRef("order_id"), product=OuterRef("product"), delta=-1 * OuterRef("quantity")
    )
    ordered = OrderLine.objects.filter(order=OuterRef("order_id"), product=OuterRef("product"))
    unreserved = OrderLine.objects.order_by("id").filter(~Exists(reserved)).values_list("order_id", flat=True)
    unordered = reservations.order_by("id").filter(~Exists(ordered)).values_list("order_id", flat=True)
    return findings(examined=OrderLine.objects.count(), offenders=chain(unreserved.iterator(), unordered.iterator()))


def cancelled_goods_are_back() -> Findings:
    """Both ways: goods that should have gone back and did not, and goods that went back and should not have.

    What an order's cancellation decided about its goods is in its event, as long as that is kept.
    """
    entries = StockEntry.objects.filter(order_id__isnull=False)
    sent_back = Exists(
        Event.objects.filter(
            type="order.cancelled", subject_type="order", subject_id=OuterRef("order_id"), data__restock=True
        )
    )
    cancelled = Order.objects.filter(status=OrderStatus.CANCELLED)
    undecided = Exists(cancelled.filter(is_past_retention("ended_at"), pk=OuterRef("order_id")))
    opposite = entries.filter(order_id=OuterRef("order_id"), product=OuterRef("product"), delta=-1 * OuterRef("delta"))
    taken, returned = StockReason.RESERVED, StockReason.RESTOCKED
    missing = entries.filter(sent_back, ~Exists(opposite.filter(reason=returned)), reason=taken)
    wrong = entries.filter(~((sent_back | undecided) & Exists(opposite.filter(reason=taken))), reason=returned)
    ids = (rows.order_by("id").values_list("order_id", flat=True).iterator() for rows in (missing, wrong))
    return findings(examined=cancelled.count(), offenders=chain.from_iterable(ids))


CHECKS: Final = (
    Check("stock-equals-ledger", "A product's stock is the sum of its ledger.", stock_equals_ledger),
    Check("stock-not-negative", "No product has less than nothing in stock.", stock_is_not_negative),
    Check(
        "orders-hold-their-lines",
        "What the ledger reserved for an order is what it ordered.",
        orders_hold_their_lines,
    ),
    Check(
        "cancelled-goods-are-back",
        "An order cancelled with its goods going back has them all back in stock, and no other order has any.",
        cancelled_goods_are_back,
    ),
)
