"""The buttons of an order that its own services answer: what the transition table allows now to this user."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.actors import Actor
from accounts.admin_base.moves import Move, MoveForm
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.services.linking import renew_tracking_link
from orders.services.moving import allowed_moves
from orders.states import BEFORE_PICKUP, IN_PREPARATION, OrderStatus

UPDATE: Final = "orders:update"


class Confirm(Move):
    name, label, icon, scope, tone = "confirm", "Confirm", "check", UPDATE, "primary"
    explanation = "The store takes the order on."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        """From assigned, the way back to confirmed is taking it from its courier: another move."""
        is_open = OrderStatus.CONFIRMED in allowed_moves(target, actor=actor)
        return is_open and target.status not in (OrderStatus.ASSIGNED, OrderStatus.FAILED)

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        order = confirm_order(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{order} is confirmed."


class ConfirmAgain(Confirm):
    name, label, icon = "confirm-again", "Confirm again", "restart_alt"
    explanation = "It starts over: the store prepares it anew, and another courier may bring it."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status == OrderStatus.FAILED and OrderStatus.CONFIRMED in allowed_moves(target, actor=actor)


class MarkReady(Move):
    name, label, icon, scope, tone = "ready", "Ready", "takeout_dining", UPDATE, "primary"
    explanation = "The goods wait for the courier."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status in IN_PREPARATION and target.ready_at is None

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        order = mark_ready(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{order} is ready for pickup."


class CancelForm(MoveForm):
    reason = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Stays in the order's timeline."
    )
    restock = forms.TypedChoiceField(
        label="Goods",
        choices=[("yes", "Go back to stock"), ("no", "Are lost")],
        coerce=lambda chosen: chosen == "yes",
        widget=UnfoldAdminSelectWidget,
    )
    refund_amount = forms.DecimalField(
        label="Refund", required=False, min_value=Decimal(0), max_digits=12, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget, help_text="Of what was paid; empty for all of it, 0 for nothing.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["restock"].initial = "yes" if self.target.status in BEFORE_PICKUP else "no"
        self.fields["refund_amount"].label = f"Refund in {self.target.currency}"
        self.fields["refund_amount"].widget.attrs["placeholder"] = f"all that was paid, at most {self.target.total}"
        if self.target.status == OrderStatus.CREATED:
            del self.fields["refund_amount"]


class Cancel(Move):
    name, label, icon, scope, tone = "cancel", "Cancel order", "cancel", UPDATE, "danger"
    explanation = "Ends the order. What was paid goes back, and its courier is released."
    form = CancelForm

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return OrderStatus.CANCELLED in allowed_moves(target, actor=actor)

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        order = cancel_order(
            target.pk,
            actor=actor,
            reason=form.cleaned_data["reason"],
            restock=form.cleaned_data["restock"],
            refund_amount=form.cleaned_data.get("refund_amount"),
            expected_version=form.expected_version,
        )
        return f"{order} is cancelled."


class RenewLink(Move):
    name, label, icon, scope = "new-link", "New tracking link", "link_off", UPDATE
    explanation = "Whoever has the link that is out sees nothing any more. Send the new one to the customer."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.anonymised_at is None

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        order = renew_tracking_link(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{order} has a new link: {settings.PUBLIC_URL}{order.tracking_path}"


ORDER_MOVES: Final = (Confirm(), ConfirmAgain(), MarkReady(), RenewLink(), Cancel())
