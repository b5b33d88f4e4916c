"""Which provider charges and refunds which payments."""

from payments.models import Payment, Provider
from payments.providers.base import PaymentProvider
from payments.providers.simulated import SimulatedProvider

_PROVIDERS: dict[str, PaymentProvider] = {Provider.SIMULATED: SimulatedProvider()}


def provider_named(name: str) -> PaymentProvider:
    """Raises KeyError for money that moves outside of this installation: external and cash payments have none."""
    return _PROVIDERS[name]


def moves_money(payment: Payment) -> bool:
    """Whether a provider of ours has to be asked, or the money changes hands elsewhere and is only written down."""
    return payment.provider in _PROVIDERS
