"""Short-lived access tokens and the refresh tokens that renew them, once each (RFC 6749, RFC 9700 4.14)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.auth import authenticate
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.errors import UserNotFound
from accounts.locks import lock_user
from accounts.models import User
from accounts.roles import SCOPES
from api.errors import FieldProblem, InvalidCredentials, InvalidRequest, InvalidToken
from api.purging import delete_first
from api.transactions import transactional

PURGE_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in_seconds: int
    scopes: frozenset[str]


def sign_in(username: str, *, password: str, scopes: frozenset[str] | None = None) -> TokenPair:
    """`scopes` narrows the token; None asks for all the role has. Raises InvalidCredentials, InvalidRequest."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    return _issue_to_verified(user.pk, verified_hash=user.password, scopes=scopes)


@transactional
def _issue_to_verified(user_id: UUID, *, verified_hash: str, scopes: frozenset[str] | None) -> TokenPair:
    """Verifying takes time; under the lock, a password changed meanwhile is seen, and its revocation misses nothing."""
    user = lock_user(user_id)
    if not user.is_active or user.password != verified_hash:
        raise InvalidCredentials
    _refuse_scopes_beyond(user, scopes)
    return _issue(user, scopes=scopes)


def _refuse_scopes_beyond(user: User, scopes: frozenset[str] | None) -> None:
    beyond = sorted((scopes or frozenset()) - user.scopes)
    if beyond:
        what = "Unknown" if not SCOPES.keys() >= set(beyond) else "Your role lacks"
        raise InvalidRequest(errors=[FieldProblem("/scope", "invalid_scope", f"{what}: {' '.join(beyond)}.")])


@transactional
def renew(refresh_token: str) -> TokenPair:
    """Trade a refresh token for a new pair; each can be traded once. Raises InvalidToken."""
    token = _verified(refresh_token)
    user = _locked_owner(token)
    if not _spend(token, user):
        raise InvalidToken("The refresh token was used or revoked before.")
    return _issue(user, scopes=_scopes_of(token))


def revoke(refresh_token: str) -> None:
    """The holder of a refresh token may always end it; one that is not valid any more needs no ending (RFC 7009)."""
    try:
        _revoke(refresh_token)
    except InvalidToken:
        return


@transactional
def _revoke(refresh_token: str) -> None:
    token = _verified(refresh_token)
    _spend(token, _locked_owner(token))


def revoke_tokens_of(user: User) -> None:
    """The caller holds the user's lock."""
    live = OutstandingToken.objects.filter(user=user, blacklistedtoken=None, expires_at__gt=timezone.now())
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=token) for token in live])


@transactional
def purge_expired(batch: int = PURGE_BATCH) -> int:
    """Forget at most `batch` refresh tokens that have expired; returns how many there were."""
    expired = OutstandingToken.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return delete_first(expired, limit=batch)


def _verified(refresh_token: str) -> RefreshToken:
    try:
        return RefreshToken(refresh_token)  # type: ignore[arg-type]
    except TokenError as error:
        raise InvalidToken("The refresh token is malformed, expired, used or revoked.") from error


def _locked_owner(token: RefreshToken) -> User:
    try:
        user = lock_user(UUID(str(token.get("sub"))))
    except (ValueError, UserNotFound) as error:
        raise InvalidToken("The account of this token is gone.") from error
    if not user.is_active:
        raise InvalidToken("The account of this token is inactive.")
    return user


def _spend(token: RefreshToken, user: User) -> bool:
    """Whether this call is the one that used the token up. The caller holds the lock of its user."""
    live = OutstandingToken.objects.filter(jti=token["jti"], user=user, blacklistedtoken=None).first()
    if live is None:
        return False
    BlacklistedToken.objects.create(token=live)
    return True


def _scopes_of(token: RefreshToken) -> frozenset[str] | None:
    return frozenset(token["scope"].split()) if "scope" in token else None


def _issue(user: User, *, scopes: frozenset[str] | None) -> TokenPair:
    """A refresh token not narrowed to some scopes renews with what the role has by then."""
    granted = user.scopes if scopes is None else user.scopes & scopes
    refresh = _refresh_token(user, scopes=scopes)
    access = AccessToken()
    access["sub"] = str(user.pk)
    access["scope"] = " ".join(sorted(granted))
    return TokenPair(
        access_token=str(access),
        refresh_token=str(refresh),
        expires_in_seconds=int(access.lifetime.total_seconds()),
        scopes=granted,
    )


def _refresh_token(user: User, *, scopes: frozenset[str] | None) -> RefreshToken:
    """The table keeps the token's id only: who reads the database must not be able to sign in with it."""
    refresh = RefreshToken()
    refresh["sub"] = str(user.pk)
    if scopes is not None:
        refresh["scope"] = " ".join(sorted(scopes))
    OutstandingToken.objects.create(
        user=user, jti=refresh["jti"], token="", created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )  # fmt: skip
    return refresh
