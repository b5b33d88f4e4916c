"""What the customer's page says, in the active language. The sentences that its script fills in stand in `patterns`."""

from collections.abc import Mapping
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from couriers.vehicles import Vehicle
from orders.models import ChargeKind, Order
from orders.states import OrderStatus, PaymentMethod

KILOMETRE_M: Final = 1000
MINUTE_SECONDS: Final = 60

STEPS: Final = (
    gettext_noop("Placed"),
    gettext_noop("In preparation"),
    gettext_noop("On its way"),
    gettext_noop("Delivered"),
)
_WORDS: Final[Mapping[OrderStatus, tuple[str, str]]] = {
    OrderStatus.CREATED: (
        gettext_noop("Waiting for your payment"),
        gettext_noop("As soon as it has arrived, the store takes over."),
    ),
    OrderStatus.PAID: (
        gettext_noop("Waiting for the store"),
        gettext_noop("Your order is paid; the store will confirm it in a moment."),
    ),
    OrderStatus.CONFIRMED: (
        gettext_noop("In preparation"),
        gettext_noop("The store has confirmed your order and is preparing it."),
    ),
    OrderStatus.ASSIGNED: (
        gettext_noop("In preparation"),
        gettext_noop("A courier is coming to the store to fetch it."),
    ),
    OrderStatus.PICKED_UP: (gettext_noop("On its way"), gettext_noop("Your courier is on the way to you.")),
    OrderStatus.DELIVERED: (gettext_noop("Delivered"), gettext_noop("Enjoy! Thank you for your order.")),
    OrderStatus.FAILED: (
        gettext_noop("Not delivered"),
        gettext_noop("Your courier could not hand it over. The store decides what happens next."),
    ),
    OrderStatus.CANCELLED: (
        gettext_noop("Cancelled"),
        gettext_noop("This order will not be delivered. The store refunds what is due to you."),
    ),
}
_READY_WORDS: Final[Mapping[OrderStatus, tuple[str, str]]] = {
    OrderStatus.CONFIRMED: (
        gettext_noop("Ready at the store"),
        gettext_noop("The next free courier will fetch it."),
    ),
    OrderStatus.ASSIGNED: (gettext_noop("Ready at the store"), gettext_noop("Your courier is coming to fetch it.")),
}
_CASH_WORDS: Final[Mapping[OrderStatus, tuple[str, str]]] = {
    OrderStatus.CREATED: (
        gettext_noop("Waiting for the store"),
        gettext_noop("The store will confirm your order in a moment."),
    ),
    OrderStatus.CANCELLED: (
        gettext_noop("Cancelled"),
        gettext_noop("This order will not be delivered, and there is nothing to pay."),
    ),
}
_VEHICLES: Final[Mapping[Vehicle, str]] = {
    Vehicle.FOOT: gettext_noop("On foot"),
    Vehicle.BICYCLE: gettext_noop("Bicycle"),
    Vehicle.CARGO_BIKE: gettext_noop("Cargo bike"),
    Vehicle.SCOOTER: gettext_noop("Scooter"),
    Vehicle.CAR: gettext_noop("Car"),
}
_CHARGES: Final[Mapping[ChargeKind, str]] = {
    ChargeKind.DELIVERY: gettext_noop("Delivery fee"),
    ChargeKind.TIP: gettext_noop("Tip"),
}


def headline_and_lead(order: Order) -> tuple[str, str]:
    headline, lead = _words_of(order)
    return _(headline), _(lead)


def vehicle_words(vehicle: str) -> str:
    return _(_VEHICLES[Vehicle(vehicle)])


def charge_words(kind: str) -> str:
    return _(_CHARGES[ChargeKind(kind)])


def patterns() -> Mapping[str, str]:
    """With {n} and {age} to be filled in; by static/js/tracking.js too, which finds them at the page's notice."""
    return {
        "seconds": _("{n} s ago"),
        "minutes": _("{n} min ago"),
        "left": _("in about {n} min"),
        "metres": _("{n} m"),
        "kilometres": _("{n} km"),
        "live": _("Live"),
        "away": _("Last updated {age}; connecting again"),
    }


def age_words(seconds: int) -> str:
    if seconds < MINUTE_SECONDS:
        return patterns()["seconds"].format(n=seconds)
    return patterns()["minutes"].format(n=seconds // MINUTE_SECONDS)


def distance_words(metres: int) -> str:
    if metres < KILOMETRE_M:
        return patterns()["metres"].format(n=metres)
    return patterns()["kilometres"].format(n=number_format(metres / KILOMETRE_M, decimal_pos=1))


def left_words(seconds: int) -> str:
    return patterns()["left"].format(n=max(1, round(seconds / MINUTE_SECONDS)))


def refund_words(order: Order) -> str:
    """What becomes of the money when the customer cancels now."""
    if order.payment_method == PaymentMethod.CASH:
        return _("Nothing has been paid, so there is nothing to give back.")
    if order.status == OrderStatus.CREATED:
        return _("Nothing has been paid yet. Should a payment still arrive, it goes back at once.")
    if order.payment_method == PaymentMethod.EXTERNAL:
        return _("The shop where you have ordered gives you back what you have paid.")
    return _("All you have paid goes back to where it came from. That may take your bank a few days.")


def _words_of(order: Order) -> tuple[str, str]:
    status = OrderStatus(order.status)
    if order.ready_at is not None and status in _READY_WORDS:
        return _READY_WORDS[status]
    if order.payment_method == PaymentMethod.CASH and status in _CASH_WORDS:
        return _CASH_WORDS[status]
    return _WORDS[status]
