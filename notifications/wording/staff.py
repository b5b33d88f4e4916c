"""What couriers, staff and owners of endpoints read: what happened, and where to do something about it.

Whose order it is and where they live stands behind the link, not in a mailbox that nobody anonymises.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.roles import CONSOLE_ROLES
from catalog.models import Product
from events.models import DeliveryState, EventDelivery
from notifications.kinds import Kind
from notifications.models import Notification
from notifications.wording.letters import Action, Fact, Letter, Writer, admin_url, clock, money, order_of
from orders.models import Order
from payments.models import Payment


def assignment_given(notification: Notification) -> Letter:
    order = order_of(notification)
    names = {"number": order.number, "store": order.store.name, "address": order.store.address}
    return Letter(
        subject=_("Order %(number)s is yours to carry") % names,
        headline=_("You have been given an order"),
        paragraphs=(_("The dispatcher has assigned order %(number)s to you.") % names,),
        facts=_told(Fact(_("Fetch it at"), f"{order.store.name}, {order.store.address}"), _ready(order)),
        short=_("Order %(number)s is yours to carry. Fetch it at %(store)s, %(address)s.") % names,
        why=_("You get this because you are a courier here."),
    )


def stock_low(notification: Notification) -> Letter:
    product = Product.objects.select_related("store").get(id=UUID(notification.data["product_id"]))
    names = {"product": product.name, "store": product.store.name}
    return _alert(
        subject=_("Running low: %(product)s") % names,
        headline=_("%(product)s is running low") % names,
        paragraphs=(_("The stock of %(product)s at %(store)s has fallen to its threshold.") % names,),
        facts=(
            Fact(_("SKU"), product.sku), Fact(_("In stock"), str(product.stock)),
            Fact(_("Threshold"), str(product.low_stock_threshold)),
        ),
        action=Action(_("Open the product"), admin_url("catalog_product_change", product.id)),
    )  # fmt: skip


def payment_review(notification: Notification) -> Letter:
    order, data = order_of(notification), notification.data
    payment = Payment.objects.get(id=UUID(data["payment_id"]))
    names = {"number": order.number, "store": order.store.name}
    return _alert(
        subject=_("Payment of order %(number)s has to be reviewed") % names,
        headline=_("A payment has to be reviewed"),
        paragraphs=(
            _("For order %(number)s of %(store)s another amount was taken than was asked for.") % names,
            _("The order waits until somebody decides: accept it as paid, or send everything back."),
        ),
        facts=(
            Fact(_("Asked for"), money(payment.amount, payment.currency)),
            Fact(_("Taken"), money(payment.captured_amount, payment.captured_currency)),
        ),
        action=Action(_("Open the payment"), admin_url("payments_payment_change", payment.id)),
    )


def courier_not_found(notification: Notification) -> Letter:
    order = order_of(notification)
    names = {"number": order.number, "store": order.store.name}
    return _alert(
        subject=_("No courier for order %(number)s") % names,
        headline=_("No courier was found"),
        paragraphs=(
            _("No courier has taken order %(number)s of %(store)s.") % names,
            _("It waits until somebody assigns a courier by hand or cancels it."),
        ),
        facts=(_ready(order),),
        action=Action(_("Open the order"), admin_url("orders_order_change", order.id)),
    )


def dead_letters(notification: Notification) -> Letter:
    data = notification.data
    dead = EventDelivery.objects.filter(destination=data["destination"], state=DeliveryState.DEAD)
    names = {"destination": data["destination"], "number": dead.count()}
    query = f"?state__exact={DeliveryState.DEAD}&destination={data['destination']}"
    return _alert(
        subject=_("Dead letters at %(destination)s") % names,
        headline=_("Events could not be delivered"),
        paragraphs=(
            _("All attempts to deliver an event to %(destination)s have failed. Dead letters there now: %(number)s.")
            % names,
            _("Mend the cause, then send them again. You hear of the same destination once an hour at most."),
        ),
        facts=(Fact(_("Event"), data["event_type"]), Fact(_("Reason"), data["reason"])),
        action=Action(_("Open the dead letters"), admin_url("events_eventdelivery_changelist", query=query)),
    )


def endpoint_disabled(notification: Notification) -> Letter:
    data, user = notification.data, notification.user
    uses_console = user is not None and user.role in CONSOLE_ROLES
    return Letter(
        subject=_("Your webhook endpoint was disabled"),
        headline=_("Your webhook endpoint was disabled"),
        paragraphs=(
            _("It gets no more events until you enable it again. What it has missed stays in the event feed."),
        ),
        facts=(Fact(_("Endpoint"), data["host"]), Fact(_("Reason"), data["reason"])),
        action=Action(_("Open the Admin site"), admin_url("index")) if uses_console else None,
        why=_("You get this because the endpoint is yours."),
        tone="bad",
    )


def _alert(
    *, subject: str, headline: str, paragraphs: tuple[str, ...], facts: tuple[Fact, ...], action: Action
) -> Letter:
    return Letter(
        subject=subject,
        headline=headline,
        paragraphs=paragraphs,
        facts=_told(*facts),
        action=action,
        why=_("You get this because you are staff here."),
        tone="bad",
    )


def _told(*facts: Fact) -> tuple[Fact, ...]:
    """Those that say something."""
    return tuple(fact for fact in facts if fact.value)


def _ready(order: Order) -> Fact:
    ready_at = order.ready_at or order.estimated_ready_at
    return Fact(_("Ready at"), clock(ready_at, zone=order.store.time_zone) if ready_at else "")


WRITERS: Final[Mapping[str, Writer]] = {
    Kind.ASSIGNMENT_GIVEN: assignment_given,
    Kind.STOCK_LOW: stock_low,
    Kind.PAYMENT_REVIEW: payment_review,
    Kind.COURIER_NOT_FOUND: courier_not_found,
    Kind.DEAD_LETTERS: dead_letters,
    Kind.ENDPOINT_DISABLED: endpoint_disabled,
}
