from typing import Any, ClassVar, Final

from django.utils import timezone
from rest_framework import serializers

from api.serializers import ChangeSerializer, MoneyField, StrictSerializer
from catalog.api.v2.fields import CurrencyField, TimeZoneField, WallTimeField
from catalog.hours import Opening
from catalog.models import Membership, OpeningHours, Store, Weekday
from catalog.services.availability import takes_orders

MAX_OPENINGS: Final = 50
MAX_RADIUS_M: Final = 1_000_000
BASE_FEE_DIGITS: Final = 5
FEE_PER_KM_DIGITS: Final = 4
MINUTES_PER_DAY: Final = 1_440


class OpeningSerializer(StrictSerializer):
    weekday = serializers.IntegerField(min_value=Weekday.MONDAY, max_value=Weekday.SUNDAY, help_text="0 is Monday.")
    opens = WallTimeField()
    closes = WallTimeField(help_text="At or before `opens` means the next day.")


class StoreChangeSerializer(ChangeSerializer):
    """At least one field. `opening_hours` replaces all there are; empty means open around the clock."""

    name = serializers.CharField(max_length=120, required=False)
    address = serializers.CharField(max_length=300, required=False)
    phone = serializers.CharField(
        max_length=32, required=False, allow_blank=True, help_text="For customers' questions; shown on their orders."
    )
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, help_text="For customers' questions; shown on their orders."
    )
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    time_zone = TimeZoneField(required=False, help_text="Decides the store's “today” and its opening hours.")
    is_active = serializers.BooleanField(required=False)
    is_paused = serializers.BooleanField(required=False, help_text="Takes no new orders while paused.")
    delivery_radius_m = serializers.IntegerField(
        min_value=0, max_value=MAX_RADIUS_M, required=False, allow_null=True, help_text="Null means no limit."
    )
    delivery_base_fee = MoneyField(max_digits=BASE_FEE_DIGITS, required=False)
    delivery_fee_per_km = MoneyField(max_digits=FEE_PER_KM_DIGITS, required=False)
    preparation_minutes = serializers.IntegerField(min_value=0, max_value=MINUTES_PER_DAY, required=False)
    confirms_automatically = serializers.BooleanField(
        required=False, help_text="Orders that are paid, or paid in cash, are confirmed without staff."
    )
    requires_pin = serializers.BooleanField(
        required=False, help_text="The courier has to enter the customer's PIN at the door."
    )
    open_pool = serializers.BooleanField(
        required=False, help_text="Couriers may take any confirmed order; else only those that were offered to them."
    )
    offers_automatically = serializers.BooleanField(
        required=False, help_text="Waiting orders are offered to the couriers they fit best, by themselves."
    )
    opening_hours: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=OpeningSerializer(), required=False, max_length=MAX_OPENINGS
    )

    def validate_opening_hours(self, value: list[dict[str, Any]]) -> list[Opening]:
        openings = [Opening(**opening) for opening in value]
        seen: set[tuple[object, ...]] = set()
        problems: list[dict[str, Any]] = []
        for opening in openings:
            start = (opening.weekday, opening.opens)
            problems.append({"opens": ["The day has this opening already."]} if start in seen else {})
            seen.add(start)
        if any(problems):
            raise serializers.ValidationError(problems, code="repeated")
        return openings


class NewStoreSerializer(StoreChangeSerializer):
    """The currency stays: products are priced in it."""

    example: ClassVar = {
        "name": "Corner shop",
        "address": "Unter den Linden 1, Berlin",
        "latitude": 52.52,
        "longitude": 13.405,
        "time_zone": "Europe/Berlin",
        "opening_hours": [{"weekday": 0, "opens": "09:00", "closes": "18:00"}],
    }

    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=300)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    time_zone = TimeZoneField(default="UTC", help_text="Decides the store's “today” and its opening hours.")
    currency = CurrencyField(default="EUR")


class StoreFilterSerializer(StrictSerializer):
    is_active = serializers.BooleanField(required=False)
    search = serializers.CharField(max_length=100, required=False, help_text="Part of the name or address.")


class ShownOpeningSerializer(serializers.ModelSerializer[OpeningHours]):
    weekday = serializers.IntegerField()
    opens = WallTimeField()
    closes = WallTimeField()

    class Meta:
        model = OpeningHours
        fields: ClassVar = ["weekday", "opens", "closes"]
        read_only_fields = fields


class StoreSerializer(serializers.ModelSerializer[Store]):
    email = serializers.CharField(help_text="For customers' questions; may be empty.")
    delivery_base_fee = MoneyField()
    delivery_fee_per_km = MoneyField()
    opening_hours = ShownOpeningSerializer(many=True)
    is_open = serializers.SerializerMethodField(help_text="Whether it takes orders at this moment.")

    class Meta:
        model = Store
        fields: ClassVar = [
            "id", "name", "address", "phone", "email", "latitude", "longitude", "time_zone", "currency", "is_active",
            "is_paused", "is_open", "opening_hours", "delivery_radius_m", "delivery_base_fee", "delivery_fee_per_km",
            "preparation_minutes", "confirms_automatically", "requires_pin", "open_pool", "offers_automatically",
            "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_open(self, store: Store) -> bool:
        return takes_orders(store, at=timezone.now())


class NewMemberSerializer(StrictSerializer):
    user_id = serializers.UUIDField()


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Staff and integrators run the store, couriers ride for it."""

    user_id = serializers.UUIDField()
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.CharField(source="user.role")

    class Meta:
        model = Membership
        fields: ClassVar = ["user_id", "email", "name", "role", "created_at"]
        read_only_fields = fields
