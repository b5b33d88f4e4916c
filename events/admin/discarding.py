from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.actors import Actor
from accounts.admin_base.moves import Move, MoveForm
from events.models import DeliveryState, EventDelivery
from events.services.discarding import discard


class DiscardForm(MoveForm):
    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Stays with the dead letter.")


class Discard(Move):
    name, label, icon, scope = "discard", "Discard", "delete", "events:write"
    explanation = (
        "Nobody is going to get it any more. Only for what need not happen, or was done by hand: until then it keeps "
        "its event, and all later ones, from being removed."
    )
    form = DiscardForm

    def is_offered(self, target: EventDelivery, *, actor: Actor) -> bool:
        return target.state == DeliveryState.DEAD

    def perform(self, target: EventDelivery, *, actor: Actor, form: MoveForm) -> str:
        if discard(target.pk, actor=actor, reason=form.cleaned_data["reason"]):
            return "The dead letter is discarded."
        return "It is no dead letter any more; nothing was done."
