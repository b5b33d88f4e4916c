from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, MultipleChoicesDropdownFilter

from accounts.actors import Actor
from accounts.admin_base.display import linked, moment, money
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from accounts.models import User
from orders.admin import order_link
from payments.admin.looks import refund_badge
from payments.models import Refund, RefundStatus
from payments.selectors import payments_for
from payments.services.refunding import retry_refund


class RetryRefund(Move):
    name, label, icon, scope, tone = "retry", "Try again", "replay", "payments:write", "primary"
    explanation = "Asks the provider for it again, with all its attempts before it."

    def is_offered(self, target: Refund, *, actor: Actor) -> bool:
        return target.status == RefundStatus.FAILED

    def perform(self, target: Refund, *, actor: Actor, form: MoveForm) -> str:
        refund = retry_refund(target.pk, actor=actor, expected_version=form.expected_version)
        return f"The refund of {money(refund.amount, refund.payment.captured_currency)} is tried again."


@admin.register(Refund)
class RefundAdmin(MovingAdmin, ExactSearchAdmin):
    """A refund is made on the page of its payment, and tried again here when it has failed."""

    read_scope = "payments:read"
    moves = (RetryRefund(),)
    list_display = ("amount_shown", "order", "payment_link", "status_shown", "reason", "at")
    list_filter = (
        ("status", MultipleChoicesDropdownFilter), ("payment__order__store", AutocompleteSelectFilter),
        ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("payment__order__store",)
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "Order number, or id of the refund, of its payment or of its order"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("amount_shown", "status_shown"), ("order", "payment_link"), "reason", "failure_reason",
                    ("at", "submit_attempts"),
                )
            },
        ),
    )  # fmt: skip
    readonly_fields = ("amount_shown", "status_shown", "order", "payment_link", "at")

    def reachable_by(self, user: User, rows: QuerySet[Refund]) -> QuerySet[Refund]:
        return rows if user.sees_all_stores else rows.filter(payment__in=payments_for(user))

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        if key is not None:
            return Q(pk=key) | Q(payment_id=key) | Q(payment__order_id=key)
        return Q(payment__order__number=term.upper())

    @admin.display(description="Refund")
    def amount_shown(self, refund: Refund) -> str:
        return money(refund.amount, refund.payment.captured_currency)

    @admin.display(description="Order")
    def order(self, refund: Refund) -> SafeString | str:
        return order_link(refund.payment.order)

    @admin.display(description="Payment")
    def payment_link(self, refund: Refund) -> SafeString | str:
        return linked(refund.payment, money(refund.payment.amount, refund.payment.currency))

    @admin.display(description="Status")
    def status_shown(self, refund: Refund) -> SafeString:
        return refund_badge(refund)

    @admin.display(description="Asked for")
    def at(self, refund: Refund) -> SafeString | str:
        return moment(refund.created_at, zone=refund.payment.order.store.time_zone)
