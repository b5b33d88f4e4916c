"""The shapes of offers."""

from datetime import timedelta
from typing import Any, ClassVar, Final

from rest_framework import serializers

from api.serializers import StrictSerializer
from couriers.api.v2.serializers import MAX_NOTE, AssignmentSerializer
from couriers.models import Assignment
from couriers.states import DeclineReason

MAX_ASKED: Final = 50
SHORTEST_SECONDS: Final = 5
LONGEST_SECONDS: Final = 86_400


class OfferSerializer(StrictSerializer):
    """Whom to ask, and for how long. Without couriers, the one whom it fits best is asked."""

    example: ClassVar = {"courier_ids": ["018f2c4e-7d3a-7a6b-9c1d-2e3f4a5b6c7d"], "expires_in_seconds": 60}

    courier_ids: serializers.ListField = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MAX_ASKED, required=False
    )
    expires_in_seconds = serializers.IntegerField(
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        required=False,
        help_text="How long they have to answer; as long as usual when left out.",
    )

    def validate_courier_ids(self, value: list[Any]) -> list[Any]:
        """Naming somebody twice asks them once."""
        return list(dict.fromkeys(value))


class OfferedSerializer(serializers.Serializer[Any]):
    offers = AssignmentSerializer(many=True, help_text="One for each courier, in the order in which they were named.")


class DeclineSerializer(StrictSerializer):
    example: ClassVar = {"reason": DeclineReason.TOO_FAR.value}

    reason = serializers.ChoiceField(choices=DeclineReason.choices, required=False, default=DeclineReason.OTHER)
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True, default="")


class PickupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class GoalSerializer(serializers.Serializer[Any]):
    address = serializers.CharField(source="dropoff_address")
    latitude = serializers.FloatField(source="dropoff_latitude", allow_null=True)
    longitude = serializers.FloatField(source="dropoff_longitude", allow_null=True)


class OpenOfferSerializer(AssignmentSerializer):
    """An offer with what a courier wants to know before answering."""

    pickup = PickupSerializer(source="order.store")
    dropoff = GoalSerializer(source="order")
    estimated_ready_at = serializers.DateTimeField(source="order.estimated_ready_at", allow_null=True)
    ready_at = serializers.DateTimeField(source="order.ready_at", allow_null=True)

    class Meta:
        model = Assignment
        fields: ClassVar = [
            *AssignmentSerializer.Meta.fields,
            "pickup",
            "dropoff",
            "estimated_ready_at",
            "ready_at",
        ]
        read_only_fields = fields


def deadline_of(fields: dict[str, Any]) -> timedelta | None:
    """None for the usual one."""
    seconds = fields.get("expires_in_seconds")
    return None if seconds is None else timedelta(seconds=seconds)
