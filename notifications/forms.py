"""The choices of one recipient as a form: a box per kind and channel, and the language."""

from typing import Any

from django import forms
from django.conf import settings

from notifications.kinds import Channel, Kind, Option, options_for
from notifications.models import Preferences


class SettingsForm(forms.Form):
    language = forms.ChoiceField(required=False)
    wanted = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, preferences: Preferences, role: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preferences = preferences
        self.options = options_for(role)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        self.fields["wanted"].choices = [(option.key, option.key) for option in self.options]  # type: ignore[attr-defined]

    @property
    def chosen_language(self) -> str:
        return str(self.cleaned_data["language"])

    @property
    def chosen(self) -> dict[Option, bool]:
        return {option: option.key in self.cleaned_data["wanted"] for option in self.options}

    @property
    def languages(self) -> list[dict[str, Any]]:
        spoken = self.preferences.spoken_language
        return [{"code": code, "name": name, "is_chosen": code == spoken} for code, name in settings.LANGUAGES]

    @property
    def channels(self) -> list[Channel]:
        offered = {option.channel for option in self.options}
        return [channel for channel in Channel if channel in offered]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A kind each, with a box for each channel that it has."""
        kinds = dict.fromkeys(option.kind for option in self.options)
        return [
            {"kind": kind.label, "boxes": [self._box(kind, channel) for channel in self.channels]} for kind in kinds
        ]

    def _box(self, kind: Kind, channel: Channel) -> dict[str, Any] | None:
        option = Option(kind, channel)
        if option not in self.options:
            return None
        return {
            "value": option.key,
            "label": f"{kind.label}: {channel.label}",
            "is_checked": self.preferences.wants(option),
        }
