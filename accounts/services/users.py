from dataclasses import dataclass
from typing import TypedDict, Unpack
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.errors import EmailTaken, OwnAccountProtected
from accounts.locks import lock_user
from accounts.models import User
from accounts.roles import Role
from accounts.services.tokens import revoke_tokens_of
from api.errors import FieldProblem, InvalidRequest
from api.etags import check_version
from api.transactions import transactional


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDropoff:
    """Where a customer's orders go unless they say otherwise."""

    address: str
    latitude: float
    longitude: float


class UserDetails(TypedDict, total=False):
    """What may be given when a user is made and changed later; what is not given stays."""

    name: str
    phone: str
    role: Role
    is_active: bool
    dropoff: SavedDropoff | None


class UserChanges(UserDetails, total=False):
    email: str
    password: str


def create_user(email: str, *, password: str, **details: Unpack[UserDetails]) -> User:
    """The password has been validated by the caller. Raises EmailTaken."""
    return add_user(email, password_hash=make_password(password), **details)


@transactional
def add_user(email: str, *, password_hash: str, **details: Unpack[UserDetails]) -> User:
    """For callers that make many users with one password: a hash is slow on purpose. Raises EmailTaken."""
    user = User(email=normalised(email), password=password_hash)
    _apply(user, details)
    _save(user)
    return user


def update_user(
    user_id: UUID, *, actor: Actor, expected_version: int | None = None, **changes: Unpack[UserChanges]
) -> User:
    """A new password, or the account's end, also ends every session that could be renewed by a refresh token.

    Raises UserNotFound, PreconditionFailed, EmailTaken and OwnAccountProtected.
    """
    password_hash = make_password(changes["password"]) if "password" in changes else None
    return _update(
        user_id, actor=actor, expected_version=expected_version, password_hash=password_hash, changes=changes
    )


@transactional
def _update(
    user_id: UUID, *, actor: Actor, expected_version: int | None, password_hash: str | None, changes: UserChanges
) -> User:
    user = lock_user(user_id)
    check_version(user.version, expected_version)
    if user.id == actor.user_id:
        _refuse_self_harm(user, changes)
    user.email = normalised(changes.get("email", user.email))
    _apply(user, changes)
    if password_hash is not None:
        user.password = password_hash
    user.version += 1
    _save(user)
    if password_hash is not None or not user.is_active:
        revoke_tokens_of(user)
    return user


def _refuse_self_harm(user: User, details: UserDetails) -> None:
    if not details.get("is_active", True):
        raise OwnAccountProtected(
            errors=[FieldProblem("/is_active", "own_account_protected", "You cannot deactivate yourself.")]
        )
    if user.role == Role.ADMIN and details.get("role", Role.ADMIN) != Role.ADMIN:
        raise OwnAccountProtected(
            errors=[FieldProblem("/role", "own_account_protected", "You cannot take away your own administrator role.")]
        )


def normalised(email: str) -> str:
    """Raises InvalidRequest for what is an address only in capitals: "İ" becomes two characters, one of them a dot."""
    address = email.strip().lower()
    try:
        User._meta.get_field("email").run_validators(address)
    except ValidationError as error:
        problem = FieldProblem("/email", "invalid", "Not an e-mail address once it is written in small letters.")
        raise InvalidRequest(errors=[problem]) from error
    return address


def _apply(user: User, details: UserDetails) -> None:
    user.name = details.get("name", user.name)
    user.phone = details.get("phone", user.phone)
    user.role = details.get("role", user.role)
    user.is_active = details.get("is_active", user.is_active)
    if "dropoff" in details:
        _save_dropoff(user, details["dropoff"])


def _save_dropoff(user: User, dropoff: SavedDropoff | None) -> None:
    user.dropoff_address = dropoff.address if dropoff else ""
    user.dropoff_latitude = dropoff.latitude if dropoff else None
    user.dropoff_longitude = dropoff.longitude if dropoff else None


def _save(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        if not User.objects.filter(email=user.email).exclude(pk=user.pk).exists():
            raise
        taken = FieldProblem("/email", "email_taken", "Another user has this e-mail address.")
        raise EmailTaken(errors=[taken]) from error
