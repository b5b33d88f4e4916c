"""What somebody wants to be told, as it is shown and changed."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api.serializers import ChangeSerializer, MaybeChoiceField, StrictSerializer
from notifications.kinds import Channel, Kind, Option, options_for
from notifications.languages import LANGUAGES
from notifications.models import Preferences

MAX_CHOICES = 100


class ChoiceSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=[(kind.value, kind.name) for kind in Kind])
    channel = serializers.ChoiceField(choices=[(channel.value, channel.name) for channel in Channel])
    is_wanted = serializers.BooleanField()


class PreferencesSerializer(serializers.Serializer[Preferences]):
    """Everything that can be told to the caller's role, and whether they want it."""

    language = MaybeChoiceField(LANGUAGES)
    choices = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_choices(self, preferences: Preferences) -> list[dict[str, Any]]:
        return [
            {"kind": option.kind.value, "channel": option.channel.value, "is_wanted": preferences.wants(option)}
            for option in options_for(self.context.get("role"))
        ]


class PreferencesChangeSerializer(ChangeSerializer):
    """What is not named stays. Without a language (null) the platform's is used."""

    example: ClassVar = {
        "language": "de",
        "choices": [{"kind": "on_its_way", "channel": "sms", "is_wanted": True}],
    }

    language = serializers.ChoiceField(choices=LANGUAGES, required=False, allow_null=True)
    choices = serializers.ListField(child=ChoiceSerializer(), required=False, max_length=MAX_CHOICES)

    def validate_choices(self, choices: list[Mapping[str, Any]]) -> dict[Option, bool]:
        """The last word counts where something is named twice."""
        offered = options_for(self.context.get("role"))
        made = {_option(choice): bool(choice["is_wanted"]) for choice in choices}
        missing = [option.key for option in made if option not in offered]
        if missing:
            raise ValidationError(f"Not told to you: {', '.join(missing)}.", code="not_offered")
        return made


def _option(choice: Mapping[str, Any]) -> Option:
    return Option(Kind(choice["kind"]), Channel(choice["channel"]))
