"""The buttons of an order that concern its courier; `operations` puts them on the order's page."""

from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Case, F, Q, QuerySet, When
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.actors import Actor
from accounts.admin_base.moves import Move, MoveForm
from catalog.models import Store
from couriers.errors import WrongPin
from couriers.models import Assignment, Courier
from couriers.selectors import active_assignment
from couriers.services.assigning import assign_order, unassign_order
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.states import CourierStatus, FailureReason
from orders.models import Order
from orders.services.moving import allowed_moves
from orders.states import OrderStatus

DISPATCH: Final = "dispatch"
DELIVER: Final = "deliver"


def described(courier: Courier) -> str:
    """With what tells whether they can."""
    now, vehicle = courier.availability.label.lower(), courier.get_vehicle_display().lower()
    return f"{courier.name}: {now}, {vehicle}, carries {courier.active_orders} of {courier.capacity}"


class CourierChoice(forms.ModelChoiceField[Courier]):
    def label_from_instance(self, obj: Courier) -> str:
        return described(obj)


def courier_choice() -> CourierChoice:
    return CourierChoice(
        label="Courier",
        queryset=best_first(Courier.objects.all()),
        empty_label="Choose a courier",
        widget=UnfoldAdminSelect2Widget,
    )


def best_first(couriers: QuerySet[Courier]) -> QuerySet[Courier]:
    """In the order in which one would ask them."""
    offline, full = Q(status=CourierStatus.OFFLINE), Q(active_orders__gte=F("capacity"))
    rank = Case(When(offline, then=2), When(full, then=1), default=0)
    return couriers.filter(is_active=True).order_by(rank, "name", "pk")


class AssignForm(MoveForm):
    courier = courier_choice()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["courier"]
        store = Store.objects.filter(pk=self.target.store_id)
        field.queryset = best_first(Courier.objects.riding_for(store))


class Assign(Move):
    name, label, icon, scope, tone = "assign", "Assign a courier", "person_add", DISPATCH, "primary"
    form = AssignForm

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return OrderStatus.ASSIGNED in allowed_moves(target, actor=actor)

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        courier = form.cleaned_data["courier"]
        assign_order(target.pk, courier_id=courier.pk, actor=actor, expected_version=form.expected_version)
        return f"{target} goes to {courier}."


class Reassign(Assign):
    name, label, icon, tone = "reassign", "Give to another courier", "swap_horiz", "default"
    explanation = "Releases the courier who has it now."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status == OrderStatus.ASSIGNED


class ReasonForm(MoveForm):
    reason = forms.CharField(
        max_length=300, required=False, widget=UnfoldAdminTextInputWidget, help_text="Stays in the order's timeline."
    )


class Unassign(Move):
    name, label, icon, scope = "unassign", "Unassign", "person_remove", DISPATCH
    explanation = "Takes the order from its courier; it waits for another one."
    form = ReasonForm

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status == OrderStatus.ASSIGNED

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        reason = form.cleaned_data["reason"]
        unassign_order(target.pk, actor=actor, reason=reason, expected_version=form.expected_version)
        return f"{target} waits for another courier."


class CarryingForm(MoveForm):
    """Names the assignment that was on the page, at its version: what is done is done by that courier or not at all."""

    assignment = forms.ModelChoiceField(queryset=Assignment.objects.none(), widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["assignment"]
        field.queryset = Assignment.objects.filter(order=self.target)
        active = active_assignment(self.target)
        if active is not None:
            field.initial, self.fields["version"].initial = active.pk, active.version


class CarryingMove(Move):
    """In the courier's place, for one who cannot: an empty battery, a lost phone."""

    scope = DELIVER
    form = CarryingForm
    target_status: ClassVar[OrderStatus]

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return self.target_status in allowed_moves(target, actor=actor)


class PickUp(CarryingMove):
    name, label, icon, tone = "pick-up", "Picked up", "shopping_bag", "primary"
    explanation = "The courier has the goods, ready or not."
    target_status = OrderStatus.PICKED_UP

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        pick_up(form.cleaned_data["assignment"].pk, actor=actor, expected_version=form.expected_version)
        return f"{target} is picked up."


class DeliverForm(CarryingForm):
    recipient = forms.CharField(max_length=120, required=False, widget=UnfoldAdminTextInputWidget)
    note = forms.CharField(max_length=500, required=False, widget=UnfoldAdminTextInputWidget)


class Deliver(CarryingMove):
    name, label, icon, tone = "deliver", "Delivered", "where_to_vote", "primary"
    explanation = "The order was handed over. Staff need no PIN: the timeline names who says so."
    form = DeliverForm
    target_status = OrderStatus.DELIVERED

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        proof = Proof(recipient=form.cleaned_data["recipient"], note=form.cleaned_data["note"])
        assignment = form.cleaned_data["assignment"]
        outcome = deliver(assignment.pk, actor=actor, proof=proof, expected_version=form.expected_version)
        if isinstance(outcome, WrongPin):
            raise outcome
        return f"{target} is delivered."


class FailForm(CarryingForm):
    reason = forms.ChoiceField(choices=FailureReason.choices, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(max_length=500, required=False, widget=UnfoldAdminTextInputWidget)


class Fail(CarryingMove):
    name, label, icon, tone = "fail", "Not delivered", "wrong_location", "danger"
    explanation = "It could not be handed over. Then it is confirmed again, or cancelled."
    form = FailForm
    target_status = OrderStatus.FAILED

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        fail(
            form.cleaned_data["assignment"].pk,
            actor=actor,
            reason=FailureReason(form.cleaned_data["reason"]),
            note=form.cleaned_data["note"],
            expected_version=form.expected_version,
        )
        return f"{target} could not be delivered."


BEFORE_OFFERS: Final = (Assign(),)
AFTER_OFFERS: Final = (PickUp(), Deliver(), Fail(), Reassign(), Unassign())
