from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from accounts.actors import Actor
from accounts.admin_base.display import Tone, badge, change_list_url, money
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from accounts.models import User
from catalog.admin.members import MembershipRows, save_members
from catalog.admin.week import NotOpeningHours, openings_of_day, written
from catalog.hours import Opening
from catalog.models import Product, Store, Weekday
from catalog.services.availability import openings_of, takes_orders
from catalog.services.stores import create_store, retire_store, update_store

READ, WRITE = "catalog:read", "catalog:write"
DAYS: Final = {day.label.lower(): day.value for day in Weekday}


def day_field(day: str) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "closed"})
    return forms.CharField(label=day.capitalize(), required=False, max_length=120, widget=widget)


class StoreForm(VersionedForm):
    time_zone = forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())],
        initial="Europe/Berlin",
        widget=UnfoldAdminSelect2Widget,
        help_text="Decides its “today”, its opening hours, and the times shown for its orders.",
    )
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (day_field(day) for day in DAYS)

    class Meta:
        model = Store
        fields = (
            "name", "address", "phone", "email", "latitude", "longitude", "time_zone", "currency",
            "delivery_radius_m", "delivery_base_fee", "delivery_fee_per_km", "preparation_minutes",
            "confirms_automatically", "requires_pin", "open_pool", "offers_automatically",
        )  # fmt: skip
        labels: ClassVar[Any] = {
            "delivery_radius_m": "Delivery radius (m)",
            "delivery_fee_per_km": "and per kilometre",
            "preparation_minutes": "Preparation (minutes)",
            "requires_pin": "Asks for a PIN",
            "open_pool": "Open to all its couriers",
            "offers_automatically": "Offered to couriers by themselves",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_change:
            openings = openings_of(self.instance)
            self.initial.update({day: written(openings, weekday=number) for day, number in DAYS.items()})

    @property
    def values(self) -> dict[str, Any]:
        """The seven days are one value: the store's openings, replaced together."""
        values = super().values
        touched = [values.pop(day) for day in DAYS if day in values]
        if not touched:
            return values
        return {**values, "opening_hours": self.openings}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self.openings = [opening for day in DAYS for opening in self._openings_of(day)]
        return cleaned

    def _openings_of(self, day: str) -> list[Opening]:
        try:
            return openings_of_day(self.cleaned_data.get(day, ""), weekday=DAYS[day])
        except NotOpeningHours as error:
            self.add_error(day, str(error))
            return []


class Pause(Move):
    name, label, icon, scope = "pause", "Pause", "pause_circle", WRITE
    explanation = "Takes no new orders until it is resumed; those it has go on."

    def is_offered(self, target: Store, *, actor: Actor) -> bool:
        return target.is_active and not target.is_paused

    def perform(self, target: Store, *, actor: Actor, form: MoveForm) -> str:
        update_store(target.pk, expected_version=form.expected_version, is_paused=True)
        return f"{target} is paused."


class Resume(Move):
    name, label, icon, scope, tone = "resume", "Resume", "play_circle", WRITE, "primary"

    def is_offered(self, target: Store, *, actor: Actor) -> bool:
        return target.is_active and target.is_paused

    def perform(self, target: Store, *, actor: Actor, form: MoveForm) -> str:
        update_store(target.pk, expected_version=form.expected_version, is_paused=False)
        return f"{target} takes orders again."


class Retire(Move):
    name, label, icon, scope, tone = "retire", "Retire", "archive", WRITE, "danger"
    explanation = "It is no longer shown and takes no new orders; those it has go on, and its history stays."

    def is_offered(self, target: Store, *, actor: Actor) -> bool:
        return target.is_active

    def perform(self, target: Store, *, actor: Actor, form: MoveForm) -> str:
        retire_store(target.pk, expected_version=form.expected_version)
        return f"{target} is retired."


class Reopen(Move):
    name, label, icon, scope, tone = "reopen", "Reopen", "unarchive", WRITE, "primary"

    def is_offered(self, target: Store, *, actor: Actor) -> bool:
        return not target.is_active

    def perform(self, target: Store, *, actor: Actor, form: MoveForm) -> str:
        update_store(target.pk, expected_version=form.expected_version, is_active=True)
        return f"{target} is open for business again."


@admin.register(Store)
class StoreAdmin(MovingAdmin, VersionedAdmin):
    read_scope, write_scope, can_add = READ, WRITE, True
    form = StoreForm
    moves = (Pause(), Resume(), Retire(), Reopen())
    inlines = (MembershipRows,)
    list_display = ("name", "standing", "address", "base_fee", "preparation", "confirms_automatically")
    list_filter = (
        ("is_active", BooleanRadioFilter), ("is_paused", BooleanRadioFilter),
        ("confirms_automatically", BooleanRadioFilter),
    )  # fmt: skip
    search_fields = ("name", "address")
    search_help_text = "Name or address"
    where: ClassVar[Any] = (
        "Store",
        {"fields": ("name", "address", ("phone", "email"), ("latitude", "longitude"), "time_zone", "currency")},
    )
    delivery: ClassVar[Any] = (
        "Delivery",
        {
            "fields": (
                "delivery_radius_m", ("delivery_base_fee", "delivery_fee_per_km"), "preparation_minutes",
                "confirms_automatically", "requires_pin", "open_pool", "offers_automatically",
            )
        },
    )  # fmt: skip
    week: ClassVar[Any] = (
        "Opening hours",
        {
            "description": "On the store's own clock, such as 09:00-13:00, 14:30-20:00. An end at or before its "
            "beginning is on the next day. A store without any hours is open around the clock.",
            "fields": tuple(DAYS),
        },
    )
    week_to_read: ClassVar[Any] = ("Opening hours", {"fields": ("hours",)})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_write = self.has_change_permission(request, obj)
        return (self.where, self.delivery, self.week if may_write else self.week_to_read)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Products are priced in the currency, so it stays."""
        return ("hours",) if obj is None else ("hours", "currency")

    def reachable_by(self, user: User, rows: QuerySet[Store]) -> QuerySet[Store]:
        return Store.objects.run_by(user).prefetch_related("opening_hours")

    def create(self, values: dict[str, Any], *, actor: Actor) -> Store:
        return create_store(actor=actor, **values)

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Store:
        return update_store(pk, expected_version=expected_version, **values)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_members(formset)

    def page_context(self, target: Store, *, request: HttpRequest) -> dict[str, Any]:
        links = [
            ("Products", change_list_url(Product, store__id__exact=target.pk)),
            ("Orders", change_list_url("orders.order", store__id__exact=target.pk)),
        ]
        return {
            **super().page_context(target, request=request),
            "heading": target.name,
            "badges": (self.standing(target),),
            "links": links,
        }

    @admin.display(description="Open")
    def hours(self, store: Store) -> SafeString | str:
        openings = openings_of(store)
        days = [(day.capitalize(), written(openings, weekday=number) or "closed") for day, number in DAYS.items()]
        return format_html_join("", "<div>{}: {}</div>", days) if openings else "around the clock"

    @admin.display(description="Now")
    def standing(self, store: Store) -> SafeString:
        if not store.is_active:
            return badge("Retired")
        if store.is_paused:
            return badge("Paused", tone=Tone.WARNING)
        return (
            badge("Open", tone=Tone.GOOD)
            if takes_orders(store, at=timezone.now())
            else badge("Closed", tone=Tone.WAITING)
        )

    @admin.display(description="Delivery from")
    def base_fee(self, store: Store) -> str:
        return money(store.delivery_base_fee, store.currency)

    @admin.display(description="Preparation")
    def preparation(self, store: Store) -> str:
        return f"{store.preparation_minutes} min"
