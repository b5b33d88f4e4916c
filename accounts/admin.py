"""People and machines that sign in. `operations` registers the page, with what the higher apps add to it."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.safestring import SafeString
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.actors import Actor
from accounts.admin_base.display import Tone, badge, moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from accounts.models import User
from accounts.roles import CONSOLE_ROLES, Role
from accounts.services.users import SavedDropoff, create_user, update_user

MANAGE = "users:manage"
DROPOFF_FIELDS = ("dropoff_address", "dropoff_latitude", "dropoff_longitude")

# Rights come from roles, and tokens end with `revoke`: these pages of their packages would only promise otherwise.
for foreign in (Group, OutstandingToken, BlacklistedToken):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)


def password_field(label: str, **options: Any) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, widget=widget, **options)


def refuse_weak_password(form: forms.BaseForm, *, user: User) -> None:
    password, repeated = form.cleaned_data.get("password"), form.cleaned_data.get("repeated")
    if password and repeated and password != repeated:
        form.add_error("repeated", "The two passwords differ.")
    elif password:
        try:
            validate_password(password, user)
        except forms.ValidationError as error:
            form.add_error("password", error)


class UserForm(VersionedForm):
    class Meta:
        model = User
        fields = ("email", "name", "phone", "role", "is_active", *DROPOFF_FIELDS)
        labels: ClassVar[Any] = {
            "email": "E-mail", "is_active": "Active", "dropoff_address": "Address", "dropoff_latitude": "Latitude",
            "dropoff_longitude": "Longitude",
        }  # fmt: skip

    @property
    def values(self) -> dict[str, Any]:
        """The three fields of the saved drop-off are one value."""
        values = super().values
        touched = [values.pop(name) for name in DROPOFF_FIELDS if name in values]
        return {**values, "dropoff": self._dropoff()} if touched else values

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = [self.cleaned_data.get(name) not in (None, "") for name in DROPOFF_FIELDS]
        if any(given) and not all(given):
            self.add_error("dropoff_address", "A saved drop-off needs its address, latitude and longitude.")
        return cleaned

    def _dropoff(self) -> SavedDropoff | None:
        address, latitude, longitude = (self.cleaned_data[name] for name in DROPOFF_FIELDS)
        return SavedDropoff(address=address, latitude=latitude, longitude=longitude) if address else None


class NewUserForm(UserForm):
    password = password_field("Password", help_text="At least ten characters, and not a common one.")
    repeated = password_field("Password again")

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values.items() if name != "repeated"}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        refuse_weak_password(self, user=User(email=self.cleaned_data.get("email", "")))
        return cleaned


class PasswordForm(MoveForm):
    password = password_field("New password", help_text="At least ten characters, and not a common one.")
    repeated = password_field("New password again")

    def clean(self) -> dict[str, Any] | None:
        refuse_weak_password(self, user=self.target)
        return super().clean()


class SetPassword(Move):
    name = "password"
    label = "Set password"
    icon = "key"
    scope = MANAGE
    tone = "primary"
    form = PasswordForm
    explanation = "Signs them out everywhere else: their refresh tokens end, and their other sessions on this site."

    def perform(self, target: User, *, actor: Actor, form: MoveForm) -> str:
        password = form.cleaned_data["password"]
        user = update_user(target.pk, actor=actor, expected_version=form.expected_version, password=password)
        if user.pk == actor.user_id:
            update_session_auth_hash(form.request, user)
        return f"{target.email} has a new password."


class UserAdmin(MovingAdmin, VersionedAdmin):
    read_scope = write_scope = MANAGE
    can_add = True
    form = UserForm
    moves = (SetPassword(),)
    list_display: tuple[str, ...] = ("email", "name", "shown_role", "is_active", "joined")
    list_filter = (
        ("role", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter), ("created_at", DaysFilter),
    )  # fmt: skip
    search_fields = ("email", "name", "phone")
    search_help_text = "E-mail address, name or telephone number"
    ordering = ("email",)
    readonly_fields = ("joined", "signed_in")
    person: ClassVar[Any] = ("Person", {"fields": ("email", "name", "phone", "role", "is_active")})
    dropoff: ClassVar[Any] = (
        "Saved drop-off",
        {"fields": ("dropoff_address", ("dropoff_latitude", "dropoff_longitude"))},
    )
    fieldsets = (person, dropoff, ("Record", {"fields": (("joined", "signed_in"),)}))
    add_fieldsets = (person, ("Password", {"fields": ("password", "repeated")}), dropoff)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        options = kwargs if change else {**kwargs, "form": NewUserForm}
        return super().get_form(request, obj, change, **options)

    def create(self, values: dict[str, Any], *, actor: Actor) -> User:
        return create_user(values.pop("email"), **values)

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> User:
        return update_user(pk, actor=actor, expected_version=expected_version, **values)

    @admin.display(description="Role", ordering="role")
    def shown_role(self, user: User) -> SafeString:
        role = Role(user.role)
        return badge(role.label, tone=Tone.MOVING if role in CONSOLE_ROLES else Tone.QUIET)

    @admin.display(description="Joined (UTC)", ordering="id")
    def joined(self, user: User) -> SafeString | str:
        return moment(user.created_at)

    @admin.display(description="Last signed in here (UTC)")
    def signed_in(self, user: User) -> SafeString | str:
        return moment(user.last_login)
