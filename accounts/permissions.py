from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.authentication import TokenCredentials
from accounts.models import User
from api.errors import BEARER_CHALLENGE, AuthenticationRequired, InsufficientScope
from api.scopes import ANYONE, any_of, scopes_for

if TYPE_CHECKING:  # DRF's views load this module while they are loading
    from rest_framework.views import APIView


def caller(request: Request) -> User:
    """Who makes this request. For the handlers of routes that need a token."""
    user = request.user
    assert isinstance(user, User)
    return user


def granted_scopes(request: Request) -> frozenset[str]:
    """The scopes of this request: a token's own, a session's role's."""
    if isinstance(request.auth, TokenCredentials):
        return request.auth.scopes
    user: User | AnonymousUser = request.user
    return user.scopes if isinstance(user, User) else frozenset()


class HasRequiredScope(BasePermission):
    """Raises instead of answering False, so that the refusal can say what is missing."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        method = request.method or ""
        if method not in view.allowed_methods:
            return True  # the dispatcher answers 405
        required = scopes_for(view, method)
        if required is ANYONE:
            return True
        if not request.user.is_authenticated:
            raise AuthenticationRequired
        wanted = any_of(required)
        if wanted and granted_scopes(request).isdisjoint(wanted):
            raise InsufficientScope(
                f"This needs the scope {' or '.join(wanted)}.",
                headers={
                    "WWW-Authenticate": f'{BEARER_CHALLENGE}, error="insufficient_scope", scope="{" ".join(wanted)}"'
                },
                required_scopes=wanted,
            )
        return True
