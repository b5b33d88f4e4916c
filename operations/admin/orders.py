from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.contrib.filters.admin import DropdownFilter

from accounts.admin_base.bulk import each
from accounts.admin_base.display import change_list_url, change_url
from accounts.admin_base.scoped import holds_scope, user_of
from accounts.models import User
from couriers.admin import CARRYING_MOVES, courier_choice
from couriers.models import Courier
from couriers.selectors import couriers_for
from couriers.services.assigning import assign_order
from events.models import Event
from notifications.models import Notification
from operations.admin.order_page import order_page
from orders.admin import ORDER_MOVES, OrderAdmin
from orders.models import Order


class CourierFilter(DropdownFilter):
    title = "courier"
    parameter_name = "courier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not holds_scope(request, "couriers:read"):
            return []
        couriers = couriers_for(user_of(request)).order_by("name").values_list("pk", "name")
        return [(str(pk), name) for pk, name in couriers]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        known = self.value() in {key for key, _ in self.lookup_choices}
        return queryset.filter(courier_id=UUID(self.value())) if known else queryset


class BulkAssignForm(forms.Form):
    courier = courier_choice()


@admin.register(Order)
class FullOrderAdmin(OrderAdmin):
    change_form_template = "admin/orders/order/change_form.html"
    moves = (*ORDER_MOVES[:-2], *CARRYING_MOVES, *ORDER_MOVES[-2:])
    list_display = (*OrderAdmin.list_display, "courier")
    list_filter = (*OrderAdmin.list_filter[:2], CourierFilter, *OrderAdmin.list_filter[2:])
    actions = (*OrderAdmin.actions, "assign_selected")

    def reachable_by(self, user: User, rows: QuerySet[Order]) -> QuerySet[Order]:
        name = Subquery(Courier.objects.filter(pk=OuterRef("courier_id")).values("name"))
        return super().reachable_by(user, rows).select_related("store").annotate(courier_name=name)

    def has_dispatch_permission(self, request: HttpRequest) -> bool:
        return holds_scope(request, "dispatch")

    @admin.action(description="Assign to a courier…", permissions=["dispatch"])
    def assign_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        form = BulkAssignForm(request.POST if "courier" in request.POST else None)
        if not form.is_valid():
            return self._ask_for_courier(form, queryset, request=request)
        courier: Courier = form.cleaned_data["courier"]
        each(
            queryset,
            lambda order, actor: assign_order(order.pk, courier_id=courier.pk, actor=actor),
            done=f"assigned to {courier}",
            request=request,
        )
        return None

    def _ask_for_courier(self, form: forms.Form, orders: QuerySet[Order], *, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Assign to a courier",
            "subtitle": ", ".join(order.number for order in orders),
            "move": {"label": "Assign", "icon": "person_add", "tone": "primary"},
            "form": form,
            "opts": self.opts,
            "carried": [("action", "assign_selected"), *((ACTION_CHECKBOX_NAME, order.pk) for order in orders)],
            "back_url": request.get_full_path(),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/ours/move.html", context)

    def page_context(self, target: Order, *, request: HttpRequest) -> dict[str, Any]:
        with_events = holds_scope(request, "events:read")
        return {
            **super().page_context(target, request=request),
            "page": order_page(target, with_events=with_events, with_matching=holds_scope(request, "dispatch")),
            "links": [
                ("On the dispatch board", f"{reverse('admin:dispatch')}?q={target.number}"),
                ("Customer's page", target.tracking_path),
            ],
            "event_links": list(self._event_links(target)) if with_events else [],
            "zone": target.store.time_zone,
            "sees_couriers": holds_scope(request, "couriers:read"),
            "sees_events": with_events,
            "customer_url": self._customer_url(target, request=request),
        }

    @staticmethod
    def _event_links(order: Order) -> Iterator[tuple[str, str]]:
        if order.correlation_id:
            yield "Everything that followed", change_list_url(Event, q=order.correlation_id)
        yield "What people were told", change_list_url(Notification, q=order.number)

    @staticmethod
    def _customer_url(order: Order, *, request: HttpRequest) -> str | None:
        if order.customer_id is None or not holds_scope(request, "users:manage"):
            return None
        return change_url(User, order.customer_id)

    @admin.display(description="Courier")
    def courier(self, order: Any) -> str:
        return order.courier_name or ""
