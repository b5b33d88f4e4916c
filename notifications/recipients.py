"""Whom a notification is for: an account, or whoever an order names as its contact."""

from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.utils.crypto import salted_hmac

from accounts.models import User
from couriers.models import Courier
from notifications.kinds import Channel
from orders.models import Order

_ACCOUNT: Final = "user"
_CONTACT: Final = "contact"
_SALT: Final = "notifications.recipient"


class UnknownRecipient(Exception):
    """The link is not one of ours, or the key it was signed with is not in use any more."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """`key` is what rows keep: it stays when addresses are removed, and names nobody."""

    key: str
    user_id: UUID | None
    email: str = ""
    phone: str = ""

    @classmethod
    def account(cls, user: User) -> Self:
        return cls(key=key_of_account(user.id), user_id=user.id, email=user.email, phone=user.phone)

    @classmethod
    def courier(cls, courier: Courier) -> Self:
        user = courier.user
        return cls(key=key_of_account(user.id), user_id=user.id, email=user.email, phone=courier.phone or user.phone)

    @classmethod
    def customer_of(cls, order: Order) -> Self | None:
        """The customer's account, unless the order names somebody else as its contact: then it is their business
        alone, also what they want to be told. None when nobody can be reached."""
        user, email, phone = order.customer, order.contact_email, order.contact_phone
        if order.anonymised_at is not None:
            return None
        if user is not None and email.lower() in {"", user.email}:
            return cls(key=key_of_account(user.id), user_id=user.id, email=user.email, phone=phone or user.phone)
        if not email and not phone:
            return None
        return cls(key=key_of_contact(email or phone), user_id=None, email=email, phone=phone)

    def address(self, channel: Channel) -> str:
        return self.email if channel == Channel.EMAIL else self.phone


def key_of_account(user_id: UUID) -> str:
    return f"{_ACCOUNT}:{user_id}"


def key_of_contact(address: str) -> str:
    """A keyed digest, so that a leaked table does not tell who ordered here. It changes with SECRET_KEY."""
    normalised = "".join(address.lower().split())
    return f"{_CONTACT}:{salted_hmac(_SALT, normalised, algorithm='sha256').hexdigest()}"


def account_of(key: str) -> UUID | None:
    kind, _, value = key.partition(":")
    return UUID(value) if kind == _ACCOUNT else None


def token_for(key: str) -> str:
    """For links in messages: whoever has it may change what this recipient is told, and nothing else."""
    return _signer().sign(key)


def key_of_token(token: str) -> str:
    """Raises UnknownRecipient."""
    try:
        return _signer().unsign(token)
    except BadSignature as error:
        raise UnknownRecipient from error


def _signer() -> Signer:
    return Signer(sep="~", salt=_SALT)
