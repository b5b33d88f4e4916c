"""Rights on the Admin site: the scopes of the user's role, the same that open the API's routes."""

from typing import Any, ClassVar

from django.http import HttpRequest

from accounts.actors import Actor
from accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The signed-in member of staff; the Admin site lets nobody else through to a page."""
    assert isinstance(request.user, User)
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of(user_of(request))


def holds_scope(request: HttpRequest, scope: str) -> bool:
    """Also asked for visitors who have not signed in, when the login page builds its navigation."""
    user = request.user
    return isinstance(user, User) and user.is_active and user.is_staff and scope in user.scopes


class ScopedAdmin:
    """First base of every page and inline. Nothing is ever deleted here: what is over is retired, and history stays."""

    read_scope: ClassVar[str]
    write_scope: ClassVar[str | None] = None
    can_add: ClassVar[bool] = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return holds_scope(request, self.read_scope)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds_scope(request, self.read_scope)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.write_scope is not None and holds_scope(request, self.write_scope)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_add and self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
