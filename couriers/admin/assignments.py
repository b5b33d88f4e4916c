from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, MultipleChoicesDropdownFilter

from accounts.actors import Actor
from accounts.admin_base.display import linked, moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from accounts.models import User
from couriers.admin.looks import assignment_badge
from couriers.models import Assignment
from couriers.selectors import assignments_for
from couriers.services.releasing import release_cancelled
from orders.admin import order_link
from orders.states import OrderStatus


class ReleaseCancelled(Move):
    name, label, icon, scope, tone = "release", "Release the courier", "person_remove", "dispatch", "primary"
    explanation = "The order is cancelled; its courier is free for another one."

    def is_offered(self, target: Assignment, *, actor: Actor) -> bool:
        return target.is_active and target.order.status == OrderStatus.CANCELLED

    def perform(self, target: Assignment, *, actor: Actor, form: MoveForm) -> str:
        release_cancelled(target.order_id)
        return f"{target.courier} is released from {target.order}."


@admin.register(Assignment)
class AssignmentAdmin(MovingAdmin, ExactSearchAdmin):
    """What can be done with one is done on the page of its order, as long as that is not cancelled."""

    read_scope = "couriers:read"
    moves = (ReleaseCancelled(),)
    list_display = ("number", "courier_link", "status_shown", "accepted", "picked_up", "delivered", "ended")
    list_filter = (
        ("status", MultipleChoicesDropdownFilter), ("courier", AutocompleteSelectFilter),
        ("order__store", AutocompleteSelectFilter), ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("order__store", "courier")
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "Order number, or id of the assignment, of its order or of its courier"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("order_shown", "courier_link"), ("status_shown", "failure_reason"), ("offered", "expires"),
                    ("decline_reason", "expiry_reason"), ("accepted", "picked_up"), ("delivered", "ended"),
                    ("recipient", "pin_attempts"), "note",
                )
            },
        ),
    )  # fmt: skip
    readonly_fields = (
        "order_shown", "courier_link", "status_shown", "offered", "expires", "accepted", "picked_up",
        "delivered", "ended", "pin_attempts",
    )  # fmt: skip

    def reachable_by(self, user: User, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
        return assignments_for(user).select_related("order__store", "courier")

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        if key is not None:
            return Q(pk=key) | Q(order_id=key) | Q(courier_id=key)
        return Q(order__number=term.upper())

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "courier__user__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="Order")
    def number(self, assignment: Assignment) -> str:
        return assignment.order.number

    @admin.display(description="Order")
    def order_shown(self, assignment: Assignment) -> SafeString | str:
        return order_link(assignment.order)

    @admin.display(description="Courier")
    def courier_link(self, assignment: Assignment) -> SafeString | str:
        return linked(assignment.courier)

    @admin.display(description="Status")
    def status_shown(self, assignment: Assignment) -> SafeString:
        return assignment_badge(assignment)

    @admin.display(description="Offered")
    def offered(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.offered_at, zone=assignment.order.store.time_zone)

    @admin.display(description="To be answered by")
    def expires(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.expires_at, zone=assignment.order.store.time_zone)

    @admin.display(description="Accepted")
    def accepted(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.accepted_at, zone=assignment.order.store.time_zone)

    @admin.display(description="Picked up")
    def picked_up(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.picked_up_at, zone=assignment.order.store.time_zone)

    @admin.display(description="Delivered")
    def delivered(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.delivered_at, zone=assignment.order.store.time_zone)

    @admin.display(description="Ended")
    def ended(self, assignment: Assignment) -> SafeString | str:
        return moment(assignment.ended_at, zone=assignment.order.store.time_zone)
