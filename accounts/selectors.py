from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.errors import UserNotFound
from accounts.models import User


def users(*, role: str | None = None, is_active: bool | None = None, search: str | None = None) -> QuerySet[User]:
    """Everybody the filters fit, newest first. Only for callers with `users:manage`."""
    found = User.objects.order_by("-pk")
    if role is not None:
        found = found.filter(role=role)
    if is_active is not None:
        found = found.filter(is_active=is_active)
    if search is not None:
        found = found.filter(Q(email__icontains=search) | Q(name__icontains=search))
    return found


def user_by_id(user_id: UUID) -> User:
    """Only for callers with `users:manage`. Raises UserNotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise UserNotFound
    return user
