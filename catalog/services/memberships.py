from uuid import UUID

from accounts.errors import UserNotFound
from accounts.models import User
from api.transactions import transactional
from catalog.errors import StoreNotFound
from catalog.models import Membership, Store


@transactional
def add_member(store_id: UUID, *, user_id: UUID) -> tuple[Membership, bool]:
    """The membership, and whether it is new. Raises StoreNotFound, UserNotFound."""
    _refuse_unknown(store_id)
    if not User.objects.filter(pk=user_id).exists():
        raise UserNotFound
    return Membership.objects.get_or_create(store_id=store_id, user_id=user_id)


@transactional
def remove_member(store_id: UUID, *, user_id: UUID) -> None:
    """Again is harmless. Raises StoreNotFound."""
    _refuse_unknown(store_id)
    Membership.objects.filter(store_id=store_id, user_id=user_id).delete()


def _refuse_unknown(store_id: UUID) -> None:
    if not Store.objects.filter(pk=store_id).exists():
        raise StoreNotFound
