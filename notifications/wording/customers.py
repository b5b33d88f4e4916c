"""What customers read. An order's items and its total stand below each of these."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from notifications.kinds import Kind
from notifications.models import Notification
from notifications.wording.letters import Action, Fact, Letter, Writer, clock, money, order_of, tracking_url
from orders.models import Order
from orders.states import PaymentMethod


def confirmed(notification: Notification) -> Letter:
    order = order_of(notification)
    return _letter(
        order,
        subject=_say(order, _("Order %(number)s is confirmed")),
        headline=_("Your order is confirmed"),
        paragraphs=(
            _say(order, _("%(store)s has taken on your order and is preparing it.")),
            _ready_about(order),
            _cash(order),
        ),
    )


def courier_assigned(notification: Notification) -> Letter:
    order = order_of(notification)
    return _letter(
        order,
        subject=_say(order, _("A courier fetches order %(number)s")),
        headline=_("A courier fetches your order"),
        paragraphs=(_say(order, _("A courier is coming to %(store)s to fetch your order and bring it to you.")),),
    )


def on_its_way(notification: Notification) -> Letter:
    order = order_of(notification)
    return _letter(
        order,
        subject=_say(order, _("Order %(number)s is on its way")),
        headline=_("Your order is on its way"),
        paragraphs=(
            _say(order, _("Your courier has picked it up at %(store)s and is coming to you.")),
            _pin(order),
            _cash(order),
        ),
        short=_say(order, _("Your order %(number)s from %(store)s is on its way: %(link)s")),
    )


def delivered(notification: Notification) -> Letter:
    order = order_of(notification)
    return _letter(
        order,
        subject=_say(order, _("Order %(number)s is delivered")),
        headline=_("Your order is delivered"),
        paragraphs=(_say(order, _("Enjoy! Thank you for ordering from %(store)s.")),),
    )


def cancelled(notification: Notification) -> Letter:
    order = order_of(notification)
    return _letter(
        order,
        subject=_say(order, _("Order %(number)s is cancelled")),
        headline=_("Your order is cancelled"),
        paragraphs=_about_cancellation(order, reason=notification.data.get("reason")),
        tone="bad",
    )


def refunded(notification: Notification) -> Letter:
    order = order_of(notification)
    amount = money(notification.data["amount"], str(notification.data["currency"]))
    return _letter(
        order,
        subject=_say(order, _("Refund for order %(number)s")),
        headline=_("Your money is on its way back"),
        paragraphs=(
            _say(order, _("%(store)s has refunded %(amount)s."), amount=amount),
            _("Depending on your bank it may take some days until you see it."),
        ),
        facts=(Fact(_("Refunded"), amount),),
    )


def _letter(
    order: Order,
    *,
    subject: str,
    headline: str,
    paragraphs: tuple[str, ...],
    facts: tuple[Fact, ...] = (),
    short: str = "",
    tone: str = "good",
) -> Letter:
    """Paragraphs that have nothing to say are left out."""
    return Letter(
        subject=subject,
        headline=headline,
        greeting=_greeting(order),
        paragraphs=tuple(filter(None, paragraphs)),
        facts=facts,
        action=Action(_("Follow your order"), tracking_url(order)),
        order=order,
        why=_say(order, _("You get this because of your order from %(store)s.")),
        short=short,
        tone=tone,
    )


def _say(order: Order, text: str, **more: str) -> str:
    return text % {"number": order.number, "store": order.store.name, "link": tracking_url(order), **more}


def _greeting(order: Order) -> str:
    account = order.customer if order.anonymised_at is None else None
    name = order.contact_name or (account.name if account else "")
    return _say(order, _("Hello %(name)s,"), name=name) if name else _("Hello,")


def _ready_about(order: Order) -> str:
    if order.ready_at is not None or order.estimated_ready_at is None:
        return ""
    moment = clock(order.estimated_ready_at, zone=order.store.time_zone)
    return _say(order, _("It should be ready at about %(time)s."), time=moment)


def _pin(order: Order) -> str:
    return _("At the door you are asked for your PIN; you find it behind the link below.") if order.pin else ""


def _cash(order: Order) -> str:
    if order.payment_method != PaymentMethod.CASH:
        return ""
    due = money(order.total, order.currency)
    return _say(order, _("Please have %(amount)s in cash ready at the door."), amount=due)


def _about_cancellation(order: Order, *, reason: object) -> tuple[str, ...]:
    """`reason` is the code that goes out with the event."""
    if reason == "expired":
        return (_("It was not paid in time, so nothing will be delivered."),)
    if reason == "payment_failed":
        return (_("The payment did not succeed, so nothing will be delivered."),)
    if order.payment_method == PaymentMethod.CASH:
        return (_("Nothing will be delivered."),)
    return (
        _("Nothing will be delivered."),
        _("If you have paid, the store refunds what is due to you; you get a message when it has."),
    )


WRITERS: Final[Mapping[str, Writer]] = {
    Kind.ORDER_CONFIRMED: confirmed,
    Kind.COURIER_ASSIGNED: courier_assigned,
    Kind.ON_ITS_WAY: on_its_way,
    Kind.DELIVERED: delivered,
    Kind.CANCELLED: cancelled,
    Kind.REFUNDED: refunded,
}
