from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
    RadioFilter,
)
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts.actors import Actor
from accounts.admin_base.display import EMPTY, change_list_url, moment, money
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.rows import ReadOnlyRows
from accounts.admin_base.scoped import holds_scope
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from accounts.models import User
from events.models import Event
from orders.admin import order_link
from payments.admin.looks import payment_badge, refund_badge
from payments.models import Payment, PaymentQuerySet, ProviderEvent, Refund
from payments.selectors import payments_for
from payments.services.refunding import refund_payment, refundable
from payments.services.reviewing import accept_as_paid, refund_and_fail

READ, WRITE = "payments:read", "payments:write"
CENT: Final = Decimal("0.01")


class AcceptAsPaid(Move):
    name, label, icon, scope, tone = "accept", "Accept as paid in full", "check", WRITE, "primary"
    explanation = "Takes what was captured as payment; the order is paid."

    def is_offered(self, target: Payment, *, actor: Actor) -> bool:
        return target.is_in_review

    def perform(self, target: Payment, *, actor: Actor, form: MoveForm) -> str:
        payment = accept_as_paid(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{money(payment.captured_amount, payment.captured_currency)} is accepted; {payment.order} is paid."


class RefuseAndRefund(Move):
    name, label, icon, scope, tone = "refuse", "Refund and cancel the order", "undo", WRITE, "danger"
    explanation = "Sends everything back; the payment fails and its order is cancelled."

    def is_offered(self, target: Payment, *, actor: Actor) -> bool:
        return target.is_in_review

    def perform(self, target: Payment, *, actor: Actor, form: MoveForm) -> str:
        payment = refund_and_fail(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{money(payment.captured_amount, payment.captured_currency)} goes back; {payment.order} is cancelled."


class RefundForm(MoveForm):
    amount = forms.DecimalField(
        min_value=CENT, max_digits=12, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"})
    )
    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"Amount in {self.target.captured_currency}"
        self.fields["amount"].help_text = f"At most {money(refundable(self.target), self.target.captured_currency)}."


class GiveBack(Move):
    name, label, icon, scope = "refund", "Refund", "undo", WRITE
    explanation = "Gives money back, all or part of it; the order stays as it is."
    form = RefundForm

    def is_offered(self, target: Payment, *, actor: Actor) -> bool:
        return target.is_captured and not target.is_in_review and refundable(target) > 0

    def perform(self, target: Payment, *, actor: Actor, form: MoveForm) -> str:
        refund = refund_payment(
            target.pk,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            actor=actor,
            expected_version=form.expected_version,
        )
        return f"{money(refund.amount, target.captured_currency)} goes back."


class ReviewFilter(RadioFilter):
    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waits for a decision")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        if self.value() != "waiting":
            return queryset
        return queryset.filter(pk__in=Payment.objects.in_review().values("pk"))


class RefundsOfPayment(ReadOnlyRows):
    model = Refund
    read_scope = READ
    columns = ("shown_amount", "shown_status", "reason", "failure_reason", "at")
    related = ("payment__order__store",)
    show_change_link = True

    @admin.display(description="Amount")
    def shown_amount(self, refund: Refund) -> str:
        return money(refund.amount, refund.payment.captured_currency)

    @admin.display(description="Status")
    def shown_status(self, refund: Refund) -> SafeString:
        return refund_badge(refund)

    @admin.display(description="Asked for")
    def at(self, refund: Refund) -> SafeString | str:
        return moment(refund.created_at, zone=refund.payment.order.store.time_zone)


class NoticesOfPayment(ReadOnlyRows):
    model = ProviderEvent
    read_scope = READ
    columns = ("type", "shown_amount", "outcome", "event_id", "at")
    related = ("payment__order__store",)
    verbose_name_plural = "Notices of the provider"

    @admin.display(description="Amount")
    def shown_amount(self, notice: ProviderEvent) -> str:
        return money(notice.amount, notice.currency)

    @admin.display(description="Taken")
    def at(self, notice: ProviderEvent) -> SafeString | str:
        return moment(notice.created_at, zone=notice.payment.order.store.time_zone)


@admin.register(Payment)
class PaymentAdmin(MovingAdmin, ExactSearchAdmin):
    read_scope = READ
    moves = (AcceptAsPaid(), RefuseAndRefund(), GiveBack())
    inlines = (RefundsOfPayment, NoticesOfPayment)
    list_display = ("asked", "order", "status_shown", "amount_shown", "captured", "refunded", "provider", "started")
    list_display_links = ("asked",)
    list_filter = (
        ("status", MultipleChoicesDropdownFilter), ReviewFilter, ("provider", ChoicesDropdownFilter),
        ("order__store", AutocompleteSelectFilter), ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("order__store",)
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "Order number, reference of the shop, or id of the payment or of its order"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("order", "status_shown"), ("amount_shown", "captured"), ("refunded", "provider"), "review_reason",
                    "failure_reason", "reference", ("started", "succeeded"),
                )
            },
        ),
    )  # fmt: skip
    readonly_fields = ("order", "status_shown", "amount_shown", "captured", "refunded", "started", "succeeded")

    def reachable_by(self, user: User, rows: QuerySet[Payment]) -> PaymentQuerySet:
        return payments_for(user).select_related("order__store")

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        if key is not None:
            return Q(pk=key) | Q(order_id=key)
        return Q(order__number=term.upper()) | Q(reference=term)

    def page_context(self, target: Payment, *, request: HttpRequest) -> dict[str, Any]:
        links = [("Events", change_list_url(Event, q=target.pk))] if holds_scope(request, "events:read") else []
        return {**super().page_context(target, request=request), "links": links}

    @admin.display(description="Payment")
    def asked(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)

    @admin.display(description="Order")
    def order(self, payment: Payment) -> SafeString | str:
        return order_link(payment.order)

    @admin.display(description="Status")
    def status_shown(self, payment: Payment) -> SafeString:
        return payment_badge(payment)

    @admin.display(description="Amount")
    def amount_shown(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)

    @admin.display(description="Captured")
    def captured(self, payment: Payment) -> str:
        return money(payment.captured_amount, payment.captured_currency) if payment.is_captured else EMPTY

    @admin.display(description="Refunded")
    def refunded(self, payment: Any) -> str:
        return money(payment.refunded_amount, payment.captured_currency) if payment.refunded_amount else EMPTY

    @admin.display(description="Started")
    def started(self, payment: Payment) -> SafeString | str:
        return moment(payment.created_at, zone=payment.order.store.time_zone)

    @admin.display(description="Succeeded")
    def succeeded(self, payment: Payment) -> SafeString | str:
        return moment(payment.succeeded_at, zone=payment.order.store.time_zone)
