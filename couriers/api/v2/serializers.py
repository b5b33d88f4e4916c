"""The shapes of couriers and assignments. Business state is the services' matter."""

from typing import Any, ClassVar, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers import ChangeSerializer, MaybeChoiceField, MomentField, StrictSerializer
from couriers.models import Assignment, Courier
from couriers.services.positions import Fix
from couriers.states import AssignmentStatus, Availability, CourierStatus, DeclineReason, FailureReason, OfferEnd
from couriers.vehicles import ALSO_CALLED, Vehicle

MAX_BATCH: Final = 500
MAX_CAPACITY: Final = 50
MAX_SPEED_KMH: Final = 100_000
"""No vehicle's: the speed of a simulation in which a day takes minutes."""
MAX_NOTE: Final = 500
MAX_FAILURE_WORDS: Final = 100
BETWEEN_REASON_AND_NOTE: Final = ": "


class VehicleField(serializers.ChoiceField):
    """Taken by its other names, too; shown by its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Vehicle.choices, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        vehicle: str = super().to_internal_value(ALSO_CALLED.get(str(data), data))
        return vehicle


class ProfileSerializer(StrictSerializer):
    name = serializers.CharField(max_length=120)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    vehicle = VehicleField(required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY, required=False)
    top_speed_kmh = serializers.IntegerField(min_value=1, max_value=MAX_SPEED_KMH, required=False, allow_null=True)


class NewCourierSerializer(ProfileSerializer):
    """Exactly one of user_id and email says whose profile it is."""

    example: ClassVar = {"email": "courier1@example.com", "name": "Kim", "vehicle": "cargo_bike", "capacity": 4}
    exactly_one_of = ("user_id", "email")

    user_id = serializers.UUIDField(required=False)
    email = serializers.EmailField(max_length=254, required=False)


class CourierChangeSerializer(ProfileSerializer, ChangeSerializer):
    """At least one of them."""

    name = serializers.CharField(max_length=120, required=False)
    is_active = serializers.BooleanField(required=False)


class OwnStatusSerializer(StrictSerializer):
    status = serializers.ChoiceField(choices=CourierStatus.choices)


class CourierFilterSerializer(StrictSerializer):
    status = serializers.MultipleChoiceField(choices=Availability.choices, required=False)
    vehicle = serializers.MultipleChoiceField(choices=Vehicle.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    search = serializers.CharField(max_length=120, required=False, help_text="Part of the name.")


class FixSerializer(StrictSerializer):
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    recorded_at = MomentField(help_text="By the courier's own clock.")
    accuracy_m = serializers.FloatField(min_value=0, max_value=100_000, required=False, allow_null=True)


class FixBatchSerializer(StrictSerializer):
    example: ClassVar = {
        "positions": [
            {"latitude": 52.52, "longitude": 13.405, "recorded_at": "2026-11-21T12:00:00Z", "accuracy_m": 8.0},
            {"latitude": 52.521, "longitude": 13.406, "recorded_at": "2026-11-21T12:00:10Z", "accuracy_m": 5.0},
        ]
    }

    positions = serializers.ListField(child=FixSerializer(), min_length=1, max_length=MAX_BATCH)


class ReceiptSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="Kept.")
    ignored = serializers.IntegerField(help_text="Known already, or too old to be of use.")


class ShownPositionSerializer(serializers.Serializer[Any]):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    accuracy_m = serializers.FloatField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    age_seconds = serializers.IntegerField()


class CourierSerializer(serializers.ModelSerializer[Courier]):
    """A courier as this caller may see them: one of `couriers_for`, which says so with `contact_visible`."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Availability.choices, source="availability")
    phone = serializers.SerializerMethodField(help_text="Null where it does not concern you.")
    position = serializers.SerializerMethodField(help_text="Null where it is unknown or does not concern you.")

    class Meta:
        model = Courier
        fields: ClassVar = [
            "id",
            "user_id",
            "name",
            "phone",
            "vehicle",
            "capacity",
            "top_speed_kmh",
            "status",
            "active_orders",
            "is_active",
            "position",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_phone(self, courier: Any) -> str | None:
        return courier.phone if courier.contact_visible else None

    @extend_schema_field(ShownPositionSerializer(allow_null=True))
    def get_position(self, courier: Any) -> dict[str, Any] | None:
        if courier.position_recorded_at is None or not courier.contact_visible:
            return None
        age = timezone.now() - courier.position_recorded_at
        shown = {
            "latitude": courier.latitude,
            "longitude": courier.longitude,
            "accuracy_m": courier.position_accuracy_m,
            "recorded_at": courier.position_recorded_at,
            "age_seconds": max(0, int(age.total_seconds())),
        }
        return dict(ShownPositionSerializer(shown).data)


class AssignSerializer(StrictSerializer):
    courier_id = serializers.UUIDField()


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Kept in the order's timeline."
    )


class DeliverSerializer(StrictSerializer):
    recipient = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="Who took it at the door."
    )
    pin = serializers.CharField(
        max_length=16, required=False, allow_blank=True, default="", help_text="The customer's, where the store asks."
    )
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True, default="")


class FailSerializer(StrictSerializer):
    example: ClassVar = {"reason": FailureReason.NOBODY_HOME.value, "note": "Rang twice"}

    reason = serializers.CharField(
        max_length=MAX_FAILURE_WORDS,
        help_text="`nobody_home`, `wrong_address`, `refused`, `damaged`, `accident` or `other`; other words "
        "count as `other` and stand before the note.",
    )
    note = serializers.CharField(
        max_length=MAX_NOTE - MAX_FAILURE_WORDS - len(BETWEEN_REASON_AND_NOTE),
        required=False,
        allow_blank=True,
        default="",
    )


class AssignmentFilterSerializer(StrictSerializer):
    status = serializers.MultipleChoiceField(choices=AssignmentStatus.choices, required=False)
    courier = serializers.UUIDField(required=False)
    order = serializers.UUIDField(required=False)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    order_id = serializers.UUIDField()
    order_number = serializers.CharField(source="order.number")
    store_id = serializers.UUIDField(source="order.store_id")
    courier_id = serializers.UUIDField()
    failure_reason = MaybeChoiceField(FailureReason.choices, help_text="Null unless it has failed.")
    decline_reason = MaybeChoiceField(DeclineReason.choices, help_text="Null unless the offer was declined.")
    expiry_reason = MaybeChoiceField(OfferEnd.choices, help_text="Null unless the offer ended without an answer.")

    class Meta:
        model = Assignment
        fields: ClassVar = [
            "id",
            "order_id",
            "order_number",
            "store_id",
            "courier_id",
            "status",
            "version",
            "offered_at",
            "expires_at",
            "accepted_at",
            "picked_up_at",
            "delivered_at",
            "ended_at",
            "recipient",
            "note",
            "failure_reason",
            "decline_reason",
            "expiry_reason",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


def failure_of(fields: dict[str, Any]) -> tuple[FailureReason, str]:
    """The reason's code, and the note. Words that are no code stay in the note, because codes go out with events."""
    words, note = fields["reason"], fields["note"]
    if words.lower() in FailureReason.values:
        return FailureReason(words.lower()), note
    return FailureReason.OTHER, BETWEEN_REASON_AND_NOTE.join(filter(None, (words, note)))


def fixes_of(fields: dict[str, Any]) -> list[Fix]:
    return [Fix(**position) for position in fields["positions"]]
