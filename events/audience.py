"""Who may see which event."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from accounts.reach import stores_of


@dataclass(frozen=True)
class Audience:
    """Dispatchers and administrators see everything; others the events of their stores, and their own."""

    user_id: UUID
    store_ids: frozenset[UUID]
    sees_everything: bool

    @classmethod
    def of(cls, user: User) -> Self:
        return cls.of_each([user])[user.pk]

    @classmethod
    def of_each(cls, users: Collection[User]) -> dict[UUID, Self]:
        stores = stores_of({user.pk for user in users})
        return {user.pk: cls(user.pk, stores.get(user.pk, frozenset()), user.sees_all_stores) for user in users}

    def may_see(self, *, store_id: UUID | None, publisher_id: UUID | None) -> bool:
        return self.sees_everything or publisher_id == self.user_id or store_id in self.store_ids

    def visible(self) -> Q:
        """The same as a condition on events."""
        if self.sees_everything:
            return Q()
        return Q(publisher_id=self.user_id) | Q(store_id__in=self.store_ids)
