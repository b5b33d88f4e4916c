from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
    RadioFilter,
)

from accounts.actors import Actor
from accounts.admin_base.bulk import each
from accounts.admin_base.display import linked, moment, money
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MovingAdmin
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from accounts.models import User
from catalog.geography import Position
from orders.admin.looks import kitchen_badge, status_badge
from orders.admin.moves import ORDER_MOVES, UPDATE
from orders.models import NUMBER_ALPHABET, Order
from orders.selectors import orders_for
from orders.services.confirming import confirm_order, mark_ready
from orders.services.editing import edit_order
from orders.services.requests import Contact, Dropoff, OrderEdit
from orders.states import BEFORE_CONFIRMATION, FINAL, IN_PREPARATION, OrderStatus

DROPOFF: Final = ("dropoff_address", "dropoff_latitude", "dropoff_longitude")
CONTACT: Final = ("contact_name", "contact_phone", "contact_email")


class OrderForm(VersionedForm):
    """What staff may change of an order: where it goes, whom to call, what to mind."""

    class Meta:
        model = Order
        fields = (*DROPOFF, *CONTACT, "note")
        labels: ClassVar[Any] = {
            "dropoff_address": "Address", "dropoff_latitude": "Latitude", "dropoff_longitude": "Longitude",
            "contact_name": "Name", "contact_phone": "Phone", "contact_email": "E-mail",
        }  # fmt: skip

    @property
    def values(self) -> dict[str, Any]:
        touched = super().values
        if not touched:
            return {}
        return {
            "edit": OrderEdit(
                dropoff=self._dropoff() if self._touches(DROPOFF) else None,
                contact=self._contact() if self._touches(CONTACT) else None,
                note=touched.get("note"),
            )
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self._touches(DROPOFF) and any(self.cleaned_data.get(name) in (None, "") for name in DROPOFF):
            self.add_error(None, "A drop-off needs its address, latitude and longitude.")
        return cleaned

    def _touches(self, names: tuple[str, ...]) -> bool:
        return any(name in self.changed_data for name in names)

    def _dropoff(self) -> Dropoff:
        address, latitude, longitude = (self.cleaned_data[name] for name in DROPOFF)
        return Dropoff(address=address, position=Position(latitude, longitude))

    def _contact(self) -> Contact:
        name, phone, email = (self.cleaned_data[field] for field in CONTACT)
        return Contact(name=name, phone=phone, email=email)


class ReadyFilter(RadioFilter):
    title = "kitchen"
    parameter_name = "kitchen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("preparing", "Being prepared"), ("ready", "Ready, not picked up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() not in ("preparing", "ready"):
            return queryset
        return queryset.filter(status__in=IN_PREPARATION, ready_at__isnull=self.value() == "preparing")


class LateFilter(RadioFilter):
    title = "time"
    parameter_name = "time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("late", "Late")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Order]:
        orders: QuerySet[Order] = queryset.late_at(timezone.now()) if self.value() == "late" else queryset
        return orders


class OrderAdmin(MovingAdmin, VersionedAdmin, ExactSearchAdmin):
    read_scope, write_scope = "orders:read", UPDATE
    form = OrderForm
    moves: ClassVar[Sequence[Move]] = ORDER_MOVES
    list_display: tuple[str, ...] = (
        "number", "status_shown", "kitchen", "store_link", "placed", "contact_name", "total_shown", "payment_method",
    )  # fmt: skip
    list_filter: ClassVar[tuple[Any, ...]] = (
        ("status", MultipleChoicesDropdownFilter), ("store", AutocompleteSelectFilter), ReadyFilter, LateFilter,
        ("payment_method", ChoicesDropdownFilter), ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("store",)
    ordering = ("-id",)
    sortable_by = ()
    actions: tuple[str, ...] = ("confirm_selected", "mark_selected_ready")
    search_help_text = "Order number, e-mail address, telephone number or name of the contact, external id, or any id"
    dropoff: ClassVar[Any] = ("Drop-off", {"fields": ("dropoff_address", ("dropoff_latitude", "dropoff_longitude"))})
    contact: ClassVar[Any] = ("Contact", {"fields": (("contact_name", "contact_phone"), "contact_email", "note")})

    def reachable_by(self, user: User, rows: QuerySet[Order]) -> QuerySet[Order]:
        return orders_for(user)

    def found_by(self, term: str) -> Q:
        key, number = as_uuid(term), term.upper()
        if key is not None:
            return Q(pk=key) | Q(customer_id=key) | Q(courier_id=key)
        if set(number) <= {*NUMBER_ALPHABET, "-"} and any(letter.isdigit() for letter in number):
            return Q(number__startswith=number) | Q(external_id=term) | Q(contact_phone=term)
        if "@" in term:
            return Q(contact_email__iexact=term)
        by_name = Q(contact_name__icontains=term) | Q(external_id=term) | Q(contact_phone=term)
        return by_name | Q(number__startswith=number)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "customer__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An order that has ended is read, not edited."""
        return super().has_change_permission(request, obj) and (obj is None or obj.status not in FINAL)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only what can be changed now; the page shows the rest."""
        if not self.has_change_permission(request, obj):
            return ()
        return (self.dropoff, self.contact) if _may_change_dropoff(obj) else (self.contact,)

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Order:
        return edit_order(pk, edit=values["edit"], actor=actor, expected_version=expected_version)

    def has_update_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    @admin.action(description="Confirm", permissions=["update"])
    def confirm_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        each(queryset, lambda order, actor: confirm_order(order.pk, actor=actor), done="confirmed", request=request)

    @admin.action(description="Mark as ready", permissions=["update"])
    def mark_selected_ready(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        each(queryset, lambda order, actor: mark_ready(order.pk, actor=actor), done="ready", request=request)

    @admin.display(description="Status")
    def status_shown(self, order: Order) -> SafeString:
        return status_badge(order.status)

    @admin.display(description="Kitchen")
    def kitchen(self, order: Order) -> SafeString | str:
        return kitchen_badge(order) or ""

    @admin.display(description="Store")
    def store_link(self, order: Order) -> SafeString | str:
        return linked(order.store)

    @admin.display(description="Placed")
    def placed(self, order: Order) -> SafeString | str:
        return moment(order.created_at, zone=order.store.time_zone)

    @admin.display(description="Total")
    def total_shown(self, order: Order) -> str:
        return money(order.total, order.currency)


def _may_change_dropoff(order: Order) -> bool:
    """As the service decides, so that the form does not offer what it would refuse."""
    total_stands = order.payment_started_at is not None or order.status != OrderStatus.CREATED
    return order.status in BEFORE_CONFIRMATION and not (total_stands and order.has_dropoff)
