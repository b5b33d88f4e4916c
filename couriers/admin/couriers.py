from collections.abc import Iterator
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RadioFilter
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts.actors import Actor
from accounts.admin_base.display import EMPTY, change_list_url, change_url, moment
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.scoped import holds_scope
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from accounts.models import User
from couriers.admin.looks import assignment_badge, availability_badge
from couriers.models import Assignment, Courier
from couriers.selectors import carried_by, couriers_for
from couriers.services.profiles import UserReference, add_courier, change_courier, set_status
from couriers.states import Availability, CourierStatus
from events.models import Event

READ, WRITE = "couriers:read", "couriers:write"
PROFILE: Final = ("name", "phone", "vehicle", "top_speed_kmh", "capacity")


class CourierForm(VersionedForm):
    class Meta:
        model = Courier
        fields = PROFILE
        labels: ClassVar[Any] = {"top_speed_kmh": "Top speed (km/h)"}


class NewCourierForm(CourierForm):
    email = forms.EmailField(
        label="Account", widget=UnfoldAdminEmailInputWidget, help_text="E-mail address of a user whose role is courier."
    )


class TakeOffline(Move):
    name, label, icon, scope = "offline", "Take offline", "bedtime", WRITE
    explanation = "Ends their shift: no new work. What they carry stays theirs to bring."

    def is_offered(self, target: Courier, *, actor: Actor) -> bool:
        return target.status == CourierStatus.AVAILABLE

    def perform(self, target: Courier, *, actor: Actor, form: MoveForm) -> str:
        set_status(target.pk, status=CourierStatus.OFFLINE, expected_version=form.expected_version)
        return f"{target} is offline."


class Retire(Move):
    name, label, icon, scope, tone = "retire", "Retire", "archive", WRITE, "danger"
    explanation = "Takes no new work and ends their shift; what they carry stays theirs to bring."

    def is_offered(self, target: Courier, *, actor: Actor) -> bool:
        return target.is_active

    def perform(self, target: Courier, *, actor: Actor, form: MoveForm) -> str:
        change_courier(target.pk, expected_version=form.expected_version, is_active=False)
        return f"{target} is retired."


class Reactivate(Move):
    name, label, icon, scope, tone = "reactivate", "Reactivate", "unarchive", WRITE, "primary"

    def is_offered(self, target: Courier, *, actor: Actor) -> bool:
        return not target.is_active

    def perform(self, target: Courier, *, actor: Actor, form: MoveForm) -> str:
        change_courier(target.pk, expected_version=form.expected_version, is_active=True)
        return f"{target} may ride again."


class AvailabilityFilter(RadioFilter):
    title = "now"
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Availability.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Courier]:
        wanted = self.value()
        couriers: QuerySet[Courier] = queryset.who_are(wanted) if wanted in Availability.values else queryset
        return couriers


class SilenceFilter(RadioFilter):
    title = "position"
    parameter_name = "position"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("silent", "Silent while at work")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Courier]:
        couriers: QuerySet[Courier] = queryset.silent_at(timezone.now()) if self.value() == "silent" else queryset
        return couriers


@admin.register(Courier)
class CourierAdmin(MovingAdmin, VersionedAdmin):
    read_scope, write_scope, can_add = READ, WRITE, True
    change_form_template = "admin/couriers/courier/change_form.html"
    form = CourierForm
    moves = (TakeOffline(), Retire(), Reactivate())
    list_display = ("name", "standing", "vehicle", "carries", "phone", "last_seen")
    list_filter = (
        AvailabilityFilter,
        SilenceFilter,
        ("vehicle", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    )
    search_fields = ("name", "phone", "user__email")
    search_help_text = "Name, telephone number or e-mail address"
    readonly_fields = ("standing", "carries", "last_seen", "position")
    who: ClassVar[Any] = ("name", "phone", ("vehicle", "top_speed_kmh"), "capacity")
    fieldsets: ClassVar[Any] = (
        ("Courier", {"fields": who}),
        ("Now", {"fields": (("standing", "carries"), ("last_seen", "position"))}),
    )
    add_fieldsets: ClassVar[Any] = (("Courier", {"fields": ("email", *who)}),)

    def reachable_by(self, user: User, rows: QuerySet[Courier]) -> QuerySet[Courier]:
        return couriers_for(user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        options = kwargs if change else {**kwargs, "form": NewCourierForm}
        return super().get_form(request, obj, change, **options)

    def create(self, values: dict[str, Any], *, actor: Actor) -> Courier:
        return add_courier(UserReference(email=values.pop("email")), **values)

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Courier:
        return change_courier(pk, expected_version=expected_version, **values)

    def page_context(self, target: Courier, *, request: HttpRequest) -> dict[str, Any]:
        return {
            **super().page_context(target, request=request),
            **self._heading(target),
            "links": list(self._links(target, request=request)),
            "in_hand": [(one, assignment_badge(one)) for one in carried_by(target)],
        }

    @staticmethod
    def _links(courier: Courier, *, request: HttpRequest) -> Iterator[tuple[str, str]]:
        yield "All assignments", change_list_url(Assignment, courier__user__exact=courier.pk)
        if holds_scope(request, "events:read"):
            yield "Events", change_list_url(Event, q=courier.pk)
        if holds_scope(request, "users:manage"):
            yield "Account", change_url(User, courier.pk)

    def _heading(self, courier: Courier) -> dict[str, Any]:
        return {"heading": courier.name, "badges": (availability_badge(courier),)}

    @admin.display(description="Now")
    def standing(self, courier: Courier) -> SafeString:
        return availability_badge(courier)

    @admin.display(description="Carries", ordering="active_orders")
    def carries(self, courier: Courier) -> str:
        return f"{courier.active_orders} of {courier.capacity}"

    @admin.display(description="Last position (UTC)", ordering="position_recorded_at")
    def last_seen(self, courier: Courier) -> SafeString | str:
        return moment(courier.position_recorded_at)

    @admin.display(description="Position")
    def position(self, courier: Courier) -> str:
        return f"{courier.latitude:.5f}, {courier.longitude:.5f}" if courier.has_position else EMPTY
