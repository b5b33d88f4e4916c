"""What recipients want to be told, for staff who are asked on the telephone."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from accounts.actors import Actor
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from notifications.kinds import options_for
from notifications.models import Preferences
from notifications.recipients import key_of_contact
from notifications.services.choosing import change_preferences

MANAGE = "users:manage"


class PreferencesForm(VersionedForm):
    language = forms.ChoiceField(
        required=False,
        choices=[("", "The platform's"), *settings.LANGUAGES],
        widget=UnfoldAdminSelectWidget,
    )
    wanted = forms.MultipleChoiceField(
        required=False, label="Is told of", widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Preferences
        fields = ("language",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options_for(self.instance.user.role if self.instance.user else None)
        boxes: Any = self.fields["wanted"]
        boxes.choices = [(option.key, f"{option.kind.label}: {option.channel.label}") for option in self.options]
        boxes.initial = [option.key for option in self.options if self.instance.wants(option)]

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        if "wanted" in values:
            wanted = values.pop("wanted")
            values["choices"] = {option: option.key in wanted for option in self.options}
        return values


@admin.register(Preferences)
class PreferencesAdmin(VersionedAdmin, ExactSearchAdmin):
    read_scope = write_scope = MANAGE
    form = PreferencesForm
    list_display = ("whose", "language", "created_at", "updated_at")
    list_filter = (("language", ChoicesDropdownFilter),)
    list_select_related = ("user",)
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "E-mail address of the account or of the contact, or id of the account"
    fields = ("whose", "language", "wanted")
    readonly_fields = ("whose",)

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        return Q(user_id=key) if key else Q(user__email=term.lower()) | Q(recipient=key_of_contact(term))

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Preferences:
        recipient = Preferences.objects.values_list("recipient", flat=True).get(pk=pk)
        return change_preferences(recipient, expected_version=expected_version, **values)

    @admin.display(description="Whose")
    def whose(self, preferences: Preferences) -> str:
        return str(preferences)
