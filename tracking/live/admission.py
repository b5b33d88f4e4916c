"""Who may listen to the staff's socket: by session, by access token, or by a ticket bought with one of them.

A browser sends its cookies with a socket that a page of somebody else's opens, so with a session, and only then, the
page must be ours. Whoever is let in is looked at again and again, because a socket outlives logins.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from io import BytesIO
from typing import Any, Final, Protocol
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.http import is_same_domain
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import SCHEME, credentials_of
from accounts.models import User
from accounts.services.tickets import spend_ticket
from api.errors import InvalidToken
from tracking.live.closing import CloseCode, SocketClosed
from tracking.live.talking import parameter_of

SESSION_SCOPE: Final = "orders:read"
TOKEN_SCOPE: Final = "state:read"


class Pass(Protocol):
    """What somebody got in with."""

    @property
    def ends_at(self) -> datetime | None: ...

    def holder(self) -> User:
        """Who they are, as things are now. Raises SocketClosed when they may not listen, or not any more."""


@dataclass(frozen=True)
class SessionPass:
    """Of a member of the staff, who sees on the socket what they see on the Admin site."""

    request: HttpRequest
    ends_at: datetime | None = None

    def holder(self) -> User:
        engine: Any = import_module(settings.SESSION_ENGINE)
        self.request.session = engine.SessionStore(self.request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        user = get_user(self.request)
        if not isinstance(user, User):
            raise SocketClosed(CloseCode.NOT_SIGNED_IN)
        if not user.is_staff or SESSION_SCOPE not in user.scopes:
            raise SocketClosed(CloseCode.NOT_ALLOWED)
        return user


@dataclass(frozen=True)
class TokenPass:
    user_id: UUID
    scopes: frozenset[str]
    ends_at: datetime | None

    def holder(self) -> User:
        if self.ends_at is not None and timezone.now() >= self.ends_at:
            raise SocketClosed(CloseCode.NOT_SIGNED_IN)
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None:
            raise SocketClosed(CloseCode.NOT_SIGNED_IN)
        if TOKEN_SCOPE not in self.scopes & user.scopes:
            raise SocketClosed(CloseCode.NOT_ALLOWED)
        return user


def pass_of(scope: dict[str, Any]) -> Pass:
    """Raises SocketClosed. What it was is only known to be good by its `holder`."""
    header = dict(scope["headers"]).get(b"authorization")
    ticket = parameter_of(scope["query_string"], "ticket")
    if header is not None:
        return _by_header(header)
    if ticket is not None:
        return _by_ticket(ticket)
    return _by_session(_request_of(scope))


def _by_header(header: bytes) -> Pass:
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != SCHEME.lower().encode():
        raise SocketClosed(CloseCode.NOT_SIGNED_IN)
    try:
        user, credentials = credentials_of(token.strip())
    except AuthenticationFailed as error:
        raise SocketClosed(CloseCode.NOT_SIGNED_IN) from error
    return TokenPass(user.pk, credentials.scopes, credentials.expires_at)


def _by_ticket(ticket: str) -> Pass:
    try:
        admission = spend_ticket(ticket)
    except InvalidToken as error:
        raise SocketClosed(CloseCode.NOT_SIGNED_IN) from error
    return TokenPass(admission.user.pk, admission.scopes, admission.ends_at)


def _by_session(request: HttpRequest) -> Pass:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        raise SocketClosed(CloseCode.NOT_SIGNED_IN)
    if not _is_from_our_page(request):
        raise SocketClosed(CloseCode.NOT_ALLOWED)
    return SessionPass(request)


def _request_of(scope: dict[str, Any]) -> HttpRequest:
    """The handshake as the request it is, so that hosts, proxies and cookies are understood as everywhere else."""
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    return ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())


def _is_from_our_page(request: HttpRequest) -> bool:
    """The rule of Django's protection against forged requests: the same host, or one of CSRF_TRUSTED_ORIGINS."""
    origin = request.headers.get("Origin", "")
    try:
        if origin == f"{request.scheme}://{request.get_host()}":
            return True
    except DisallowedHost:
        return False
    trusted = CsrfViewMiddleware(lambda _: HttpResponse())
    scheme, _, host = origin.partition("://")
    subdomains = trusted.allowed_origin_subdomains.get(scheme, ())
    return origin in trusted.allowed_origins_exact or any(is_same_domain(host, pattern) for pattern in subdomains)
