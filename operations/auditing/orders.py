"""Orders: what they cost, and how they came to be what they are."""

from decimal import Decimal
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, Sum, Value, Window
from django.db.models.fields import DecimalField
from django.db.models.functions import Coalesce, Lag

from operations.auditing.findings import Check, Findings, findings
from orders.models import Order, OrderLine, TimelineEntry
from orders.states import TRANSITIONS, OrderStatus

# SQLite adds decimals up as binary fractions.
LESS_THAN_A_CENT: Final = Decimal("0.005")
NOTHING: Final = Value(Decimal(0), output_field=DecimalField(max_digits=12, decimal_places=2))


def differs_from(name: str, *, amount: str) -> Q:
    """Whether two amounts of money differ, where one may be a sum."""
    return Q(**{f"{name}__gt": F(amount) + LESS_THAN_A_CENT}) | Q(**{f"{name}__lt": F(amount) - LESS_THAN_A_CENT})


def lines_add_up() -> Findings:
    orders = Order.objects.order_by("id").values("id", "items_total")
    summed = orders.annotate(line_count=Count("lines"), lines_sum=Coalesce(Sum("lines__line_total"), NOTHING))
    off = summed.filter(Q(line_count=0) | differs_from("lines_sum", amount="items_total"))
    return findings(examined=Order.objects.count(), offenders=off.values_list("id", flat=True).iterator())


def totals_add_up() -> Findings:
    orders = Order.objects.order_by("id").values("id", "total", "items_total")
    summed = orders.annotate(sum=F("items_total") + Coalesce(Sum("charges__amount"), NOTHING))
    off = summed.filter(differs_from("sum", amount="total"))
    return findings(examined=Order.objects.count(), offenders=off.values_list("id", flat=True).iterator())


def lines_are_of_the_store() -> Findings:
    foreign = OrderLine.objects.order_by("id").exclude(product__store=F("order__store"))
    return findings(examined=OrderLine.objects.count(), offenders=foreign.values_list("order_id", flat=True).iterator())


def timeline_reaches_state() -> Findings:
    """The entry of the order's version is there and says the order's state, and none goes beyond it."""
    here = TimelineEntry.objects.filter(
        order=OuterRef("pk"), order_version=OuterRef("version"), to_status=OuterRef("status")
    )
    beyond = TimelineEntry.objects.filter(order=OuterRef("pk"), order_version__gt=OuterRef("version"))
    off = Order.objects.order_by("id").filter(~Exists(here) | Exists(beyond))
    return findings(examined=Order.objects.count(), offenders=off.values_list("id", flat=True).iterator())


def timeline_is_unbroken() -> Findings:
    """Version by version from 1, each entry from where the one before left off, along the transition table."""
    entries = TimelineEntry.objects.annotate(
        version_before=_of_entry_before("order_version"), status_before=_of_entry_before("to_status")
    )
    first = Q(version_before__isnull=True)
    begins = Q(order_version=1, from_status__in=("", OrderStatus.CREATED), to_status=OrderStatus.CREATED)
    follows = Q(order_version=F("version_before") + 1, from_status=F("status_before")) & _allowed_move()
    off = entries.filter((first & ~begins) | (~first & ~follows)).order_by("order_id", "order_version")
    return findings(examined=TimelineEntry.objects.count(), offenders=off.values_list("order_id", flat=True).iterator())


def _of_entry_before(field: str) -> Window:
    return Window(Lag(field), partition_by="order_id", order_by=("order_version", "id"))


def _allowed_move() -> Q:
    allowed = Q(to_status=F("from_status"))
    for transition in TRANSITIONS:
        allowed |= Q(from_status=transition.source, to_status=transition.target)
    return allowed


CHECKS: Final = (
    Check("lines-add-up", "An order has lines, and they add up to its items total.", lines_add_up),
    Check("totals-add-up", "An order's total is its items total and its charges.", totals_add_up),
    Check("lines-of-one-store", "An order's products are all of the order's store.", lines_are_of_the_store),
    Check(
        "timeline-reaches-state",
        "The newest timeline entry has the order's version and ends in the order's state.",
        timeline_reaches_state,
    ),
    Check(
        "timeline-unbroken",
        "A timeline begins with created, has an entry for every version, and moves only as the transition table says.",
        timeline_is_unbroken,
    ),
)
