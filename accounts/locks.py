"""The only row locks of this app."""

from uuid import UUID

from accounts.errors import UserNotFound
from accounts.models import User


def lock_user(user_id: UUID) -> User:
    """The user as committed, held until the end of the caller's transaction. Raises UserNotFound."""
    user = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=user_id).first()
    if user is None:
        raise UserNotFound
    return user
