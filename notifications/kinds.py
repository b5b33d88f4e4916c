"""What people are told about, by which channels, and who can be told. Pure data and functions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.roles import ROLE_SCOPES, Role


class Channel(TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class Kind(TextChoices):
    ORDER_CONFIRMED = "order_confirmed", _("Order confirmed")
    COURIER_ASSIGNED = "courier_assigned", _("Courier assigned")
    ON_ITS_WAY = "on_its_way", _("Order on its way")
    DELIVERED = "delivered", _("Order delivered")
    CANCELLED = "cancelled", _("Order cancelled")
    REFUNDED = "refunded", _("Money refunded")
    ASSIGNMENT_GIVEN = "assignment_given", _("Order assigned to you by the dispatcher")
    STOCK_LOW = "stock_low", _("Product running low")
    PAYMENT_REVIEW = "payment_review", _("Payment to review")
    COURIER_NOT_FOUND = "courier_not_found", _("No courier found")
    DEAD_LETTERS = "dead_letters", _("Events that could not be delivered")
    ENDPOINT_DISABLED = "endpoint_disabled", _("Webhook endpoint disabled")


BY_EMAIL: Final[Mapping[Channel, bool]] = {Channel.EMAIL: True}
BY_EMAIL_AND_ON_REQUEST_BY_SMS: Final[Mapping[Channel, bool]] = {Channel.EMAIL: True, Channel.SMS: False}

ORDERING: Final = frozenset(role for role, scopes in ROLE_SCOPES.items() if "orders:create" in scopes)
DISPATCHING: Final = frozenset({Role.DISPATCHER, Role.ADMIN})
RUNNING_A_STORE: Final = frozenset({Role.STORE_STAFF})


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Which roles a kind concerns, and its channels with whether each is used unless its recipient says otherwise."""

    roles: frozenset[Role]
    channels: Mapping[Channel, bool]


def _for_customers(channels: Mapping[Channel, bool] = BY_EMAIL) -> Terms:
    return Terms(roles=ORDERING, channels=channels)


TERMS: Final[Mapping[Kind, Terms]] = {
    Kind.ORDER_CONFIRMED: _for_customers(),
    Kind.COURIER_ASSIGNED: _for_customers(),
    Kind.ON_ITS_WAY: _for_customers(BY_EMAIL_AND_ON_REQUEST_BY_SMS),
    Kind.DELIVERED: _for_customers(),
    Kind.CANCELLED: _for_customers(),
    Kind.REFUNDED: _for_customers(),
    Kind.ASSIGNMENT_GIVEN: Terms(roles=frozenset({Role.COURIER}), channels=BY_EMAIL_AND_ON_REQUEST_BY_SMS),
    Kind.STOCK_LOW: Terms(roles=RUNNING_A_STORE | {Role.ADMIN}, channels=BY_EMAIL),
    Kind.PAYMENT_REVIEW: Terms(roles=RUNNING_A_STORE | DISPATCHING, channels=BY_EMAIL),
    Kind.COURIER_NOT_FOUND: Terms(roles=RUNNING_A_STORE | DISPATCHING, channels=BY_EMAIL),
    Kind.DEAD_LETTERS: Terms(roles=DISPATCHING, channels=BY_EMAIL),
    Kind.ENDPOINT_DISABLED: Terms(
        roles=frozenset(role for role, scopes in ROLE_SCOPES.items() if "webhooks:manage" in scopes), channels=BY_EMAIL
    ),
}

CUSTOMER_KINDS: Final = tuple(kind for kind, terms in TERMS.items() if Role.CUSTOMER in terms.roles)


@dataclass(frozen=True)
class Option:
    """One thing that a recipient may want or not."""

    kind: Kind
    channel: Channel

    @property
    def key(self) -> str:
        return f"{self.kind.value}.{self.channel.value}"

    @property
    def by_default(self) -> bool:
        return TERMS[self.kind].channels[self.channel]


def options_for(role: str | None) -> tuple[Option, ...]:
    """Everything a recipient of this role may choose about; None is somebody without an account, who is a customer."""
    return tuple(_options(Role(role) if role else Role.CUSTOMER))


def _options(role: Role) -> Iterator[Option]:
    for kind, terms in TERMS.items():
        if role in terms.roles:
            for channel in terms.channels:
                yield Option(kind, channel)
