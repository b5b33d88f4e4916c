from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.roles import ALL_STORES_ROLES, CONSOLE_ROLES, ROLE_SCOPES, Role
from api.models_base import Entity, VersionedEntity


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "role": Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(VersionedEntity, AbstractBaseUser):
    """A person or a machine that signs in. Rights come from the role alone; there are no per-user permissions."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.CUSTOMER, db_index=True)
    is_active = models.BooleanField(default=True)
    dropoff_address = models.CharField("saved drop-off address", max_length=300, blank=True)
    dropoff_latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    dropoff_longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(VersionedEntity.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Unfold greets with it."""
        return self.name

    @property
    def scopes(self) -> frozenset[str]:
        return ROLE_SCOPES[Role(self.role)]

    @property
    def sees_all_stores(self) -> bool:
        return self.role in ALL_STORES_ROLES

    @property
    def is_staff(self) -> bool:
        """May enter the Admin site; what they find there follows their scopes."""
        return self.role in CONSOLE_ROLES

    @property
    def is_superuser(self) -> bool:
        return self.role == Role.ADMIN

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_superuser

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class SocketTicket(Entity):
    """Opens one WebSocket, once. Kept as a digest: who reads the table cannot open anything with it."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=500, help_text="Of the credentials it was given for, separated by spaces.")
    expires_at = models.DateTimeField(db_index=True, help_text="Until when it can be used.")
    ends_at = models.DateTimeField(
        help_text="When what it has opened is closed, with the credentials it was given for."
    )

    def __str__(self) -> str:
        return f"for {self.user}"
