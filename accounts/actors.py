"""Who acts: carried through every service into the timeline."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db.models import TextChoices

from accounts.models import User
from accounts.roles import CONSOLE_ROLES, Role


class ActorKind(TextChoices):
    CUSTOMER = "customer"
    STAFF = "staff"
    INTEGRATOR = "integrator"
    COURIER = "courier"
    SYSTEM = "system"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True)
class Actor:
    kind: ActorKind
    user_id: UUID | None = None
    label: str

    @classmethod
    def of(cls, user: User) -> Self:
        kind = ActorKind.STAFF if user.role in CONSOLE_ROLES else ActorKind(user.role)
        return cls(kind=kind, user_id=user.id, label=Role(user.role).label)

    @classmethod
    def system(cls, part: str) -> Self:
        return cls(kind=ActorKind.SYSTEM, label=part)

    @classmethod
    def provider(cls, name: str) -> Self:
        return cls(kind=ActorKind.PROVIDER, label=name)
