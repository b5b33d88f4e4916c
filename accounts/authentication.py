"""Bearer tokens: who calls, and with which of their role's scopes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from api.errors import BEARER_CHALLENGE
from api.prepared import Prepared

SCHEME: Final = "Bearer"

_COLUMNS: Final = [field.attname for field in User._meta.concrete_fields]
_active_user: Final = Prepared(lambda key: User.objects.filter(pk=key, is_active=True).values_list(*_COLUMNS))


@dataclass(frozen=True, slots=True)
class TokenCredentials:
    """What `request.auth` is for a bearer token. A session has no credentials of its own: `request.auth` is None."""

    token_id: str
    scopes: frozenset[str]
    expires_at: datetime


class ScopedJWTAuthentication(BaseAuthentication):
    """A token never outlives its account nor the rights of its role: both are read anew with every request."""

    def authenticate(self, request: Request) -> tuple[User, TokenCredentials] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != SCHEME.lower().encode():
            return None
        if len(header) != 2:
            raise AuthenticationFailed("The Authorization header must be `Bearer <token>`.")
        return credentials_of(header[1])

    def authenticate_header(self, request: Request) -> str:
        return BEARER_CHALLENGE


def credentials_of(access_token: bytes) -> tuple[User, TokenCredentials]:
    """Raises AuthenticationFailed."""
    token = _verified(access_token)
    user = _owner_of(token)
    granted = frozenset(str(token.get("scope", "")).split())
    expires_at = datetime.fromtimestamp(token["exp"], UTC)
    return user, TokenCredentials(token_id=str(token["jti"]), scopes=granted & user.scopes, expires_at=expires_at)


def _verified(raw: bytes) -> AccessToken:
    try:
        return AccessToken(raw)  # type: ignore[arg-type]
    except TokenError as error:
        raise AuthenticationFailed("The token is malformed, expired or not signed by us.") from error


def _owner_of(token: AccessToken) -> User:
    rows = _active_user(key) if (key := _subject_of(token)) else []
    if not rows:
        raise AuthenticationFailed("The account of this token is gone or inactive.")
    return User.from_db(DEFAULT_DB_ALIAS, _COLUMNS, rows[0])


def _subject_of(token: AccessToken) -> UUID | None:
    try:
        return UUID(str(token.get("sub")))
    except ValueError:
        return None
