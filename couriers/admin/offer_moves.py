"""The buttons of an order that ask couriers whether they take it on."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelect2MultipleWidget

from accounts.actors import Actor
from accounts.admin_base.moves import Move, MoveForm
from catalog.models import Store
from couriers.admin.order_moves import DISPATCH, best_first, described
from couriers.models import Courier
from couriers.services.matching import offer_to_best
from couriers.services.offering import offer_order
from couriers.states import Availability
from orders.models import Order
from orders.states import OrderStatus

SHORTEST_SECONDS: Final = 5
LONGEST_SECONDS: Final = 86_400


class CouriersChoice(forms.ModelMultipleChoiceField[Courier]):
    def label_from_instance(self, obj: Courier) -> str:
        return described(obj)


class OfferForm(MoveForm):
    couriers = CouriersChoice(
        queryset=Courier.objects.none(),
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Who accepts first has the order.",
    )
    seconds = forms.IntegerField(
        label="Seconds to answer",
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["couriers"]
        store = Store.objects.filter(pk=self.target.store_id)
        field.queryset = best_first(Courier.objects.riding_for(store).who_are(Availability.AVAILABLE))
        self.fields["seconds"].initial = settings.OFFER_SECONDS


class Offer(Move):
    name, label, icon, scope = "offer", "Offer to couriers", "campaign", DISPATCH
    explanation = "Asks them whether they take it on. Nobody is assigned yet."
    form = OfferForm

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status == OrderStatus.CONFIRMED

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        couriers = list(form.cleaned_data["couriers"])
        offer_order(
            target.pk,
            courier_ids=[courier.pk for courier in couriers],
            actor=actor,
            expires_in=timedelta(seconds=form.cleaned_data["seconds"]),
            expected_version=form.expected_version,
        )
        return f"{target} is offered to {', '.join(map(str, couriers))}."


class OfferToBest(Move):
    name, label, icon, scope = "offer-best", "Offer to the best", "assistant", DISPATCH
    explanation = "Asks the courier whom it fits best."

    def is_offered(self, target: Order, *, actor: Actor) -> bool:
        return target.status == OrderStatus.CONFIRMED

    def perform(self, target: Order, *, actor: Actor, form: MoveForm) -> str:
        (offer,) = offer_to_best(target.pk, actor=actor, expected_version=form.expected_version)
        return f"{target} is offered to {offer.courier}."


OFFER_MOVES: Final = (Offer(), OfferToBest())
