"""The shapes of an order: what may be asked, what is shown. Business state is the services' matter."""

from decimal import Decimal
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.serializers import ChangeSerializer, MaybeChoiceField, MomentField, MoneyField, StrictSerializer
from catalog.geography import Position
from orders.api.v2.documented import NEW_ORDER, PLACED_ORDER
from orders.models import Charge, Order, OrderLine, TimelineEntry
from orders.services.moving import allowed_moves
from orders.services.requests import Contact, Dropoff, Item, NewOrder, OrderEdit
from orders.states import FINAL, OrderStatus, PaymentMethod

MAX_ITEMS = 50
MAX_QUANTITY = 1_000_000
TIP_DIGITS = 6


class ItemSerializer(StrictSerializer):
    product_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class DropoffSerializer(StrictSerializer):
    address = serializers.CharField(max_length=300)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class ContactSerializer(StrictSerializer):
    name = serializers.CharField(max_length=120)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")


class NewOrderSerializer(StrictSerializer):
    example: ClassVar = NEW_ORDER

    items = serializers.ListField(child=ItemSerializer(), min_length=1, max_length=MAX_ITEMS)
    dropoff = DropoffSerializer()
    contact = ContactSerializer()
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices, default=PaymentMethod.ONLINE)
    tip = MoneyField(default=Decimal(0), max_digits=TIP_DIGITS)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    external_id = serializers.CharField(max_length=100, required=False, allow_null=True, default=None)
    expected_total = MoneyField(required=False, allow_null=True, default=None)


class OrderEditSerializer(ChangeSerializer):
    """At least one of the three."""

    example: ClassVar = {"note": "The bell is broken, please knock."}

    dropoff = DropoffSerializer(required=False)
    contact = ContactSerializer(required=False)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class CancelSerializer(StrictSerializer):
    example: ClassVar = {"reason": "Ordered by mistake"}

    reason = serializers.CharField(max_length=300)
    restock = serializers.BooleanField(required=False, allow_null=True, default=None)
    refund_amount = MoneyField(required=False, allow_null=True, default=None)


class OrderFilterSerializer(StrictSerializer):
    status = serializers.MultipleChoiceField(choices=OrderStatus.choices, required=False)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)
    store = serializers.UUIDField(required=False)
    customer = serializers.UUIDField(required=False)
    courier = serializers.UUIDField(required=False)
    external_id = serializers.CharField(max_length=100, required=False)


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    product_id = serializers.UUIDField()
    quantity = serializers.IntegerField()  # the model's own bounds are those of the database in use
    unit_price = MoneyField()
    line_total = MoneyField()

    class Meta:
        model = OrderLine
        fields: ClassVar = ["product_id", "name", "unit_price", "quantity", "line_total"]


class ChargeSerializer(serializers.ModelSerializer[Charge]):
    amount = MoneyField()

    class Meta:
        model = Charge
        fields: ClassVar = ["kind", "amount"]


class OrderDropoffSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class OrderContactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order as this caller may see it: couriers learn whom to call only for an order that is theirs to carry."""

    example: ClassVar = PLACED_ORDER

    store_id = serializers.UUIDField()
    customer_id = serializers.UUIDField(allow_null=True)
    items = OrderLineSerializer(source="lines", many=True)
    charges = ChargeSerializer(many=True)
    items_total = MoneyField()
    total = MoneyField()
    dropoff = serializers.SerializerMethodField()
    contact = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()
    pin = serializers.SerializerMethodField(help_text="For the door, where the store asks for one; customers only.")
    tracking_url = serializers.SerializerMethodField()
    allowed_transitions = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields: ClassVar = [
            "id",
            "number",
            "status",
            "version",
            "store_id",
            "customer_id",
            "courier_id",
            "external_id",
            "currency",
            "items",
            "items_total",
            "charges",
            "total",
            "payment_method",
            "dropoff",
            "contact",
            "note",
            "pin",
            "tracking_url",
            "created_at",
            "updated_at",
            "expires_at",
            "estimated_ready_at",
            "ready_at",
            "allowed_transitions",
        ]
        read_only_fields = fields

    @extend_schema_field(OrderDropoffSerializer(allow_null=True))
    def get_dropoff(self, order: Order) -> dict[str, Any] | None:
        if not order.has_dropoff:
            return None
        return {
            "address": order.dropoff_address,
            "latitude": order.dropoff_latitude,
            "longitude": order.dropoff_longitude,
        }

    @extend_schema_field(OrderContactSerializer(allow_null=True))
    def get_contact(self, order: Order) -> dict[str, str] | None:
        if not self._is_concerned(order):
            return None
        return {"name": order.contact_name, "phone": order.contact_phone, "email": order.contact_email}

    def get_note(self, order: Order) -> str:
        return order.note if self._is_concerned(order) else ""

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_pin(self, order: Order) -> str | None:
        knows = self._user.id in (order.customer_id, order.placed_by_id)
        return order.pin or None if knows else None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_tracking_url(self, order: Order) -> str | None:
        if self._user.role == Role.COURIER:
            return None
        return str(self.context["request"].build_absolute_uri(order.tracking_path))

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=OrderStatus.choices)))
    def get_allowed_transitions(self, order: Order) -> list[str]:
        return allowed_moves(order, actor=Actor.of(self._user))

    @property
    def _user(self) -> User:
        user: User = self.context["request"].user
        return user

    def _is_concerned(self, order: Order) -> bool:
        is_theirs_to_carry = order.courier_id == self._user.id and order.status not in FINAL
        return self._user.role != Role.COURIER or is_theirs_to_carry


class TimelineEntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    at = serializers.DateTimeField(source="created_at")
    from_status = MaybeChoiceField(OrderStatus.choices, help_text="Null for the first entry.")
    actor = serializers.SerializerMethodField()

    class Meta:
        model = TimelineEntry
        fields: ClassVar = [
            "id",
            "what",
            "from_status",
            "to_status",
            "at",
            "actor",
            "reason",
            "order_version",
            "request_id",
        ]
        read_only_fields = fields

    @extend_schema_field(
        {
            "type": "object",
            "properties": {
                "kind": {"type": "string"},
                "id": {"type": "string", "format": "uuid", "nullable": True},
                "label": {"type": "string"},
            },
            "required": ["kind", "id", "label"],
        }
    )
    def get_actor(self, entry: TimelineEntry) -> dict[str, str | None]:
        return {
            "kind": entry.actor_kind,
            "id": None if entry.actor_id is None else str(entry.actor_id),
            "label": entry.actor_label,
        }


def new_order(fields: dict[str, Any], *, user: User) -> NewOrder:
    return NewOrder(
        items=tuple(Item(**item) for item in fields["items"]),
        customer_id=user.id if user.role == Role.CUSTOMER else None,
        dropoff=dropoff_of(fields["dropoff"]),
        contact=Contact(**fields["contact"]),
        payment_method=PaymentMethod(fields["payment_method"]),
        tip=fields["tip"],
        note=fields["note"],
        external_id=fields["external_id"],
        expected_total=fields["expected_total"],
    )


def order_edit(fields: dict[str, Any]) -> OrderEdit:
    return OrderEdit(
        dropoff=dropoff_of(fields["dropoff"]) if "dropoff" in fields else None,
        contact=Contact(**fields["contact"]) if "contact" in fields else None,
        note=fields.get("note"),
    )


def dropoff_of(fields: dict[str, Any]) -> Dropoff:
    return Dropoff(address=fields["address"], position=Position(fields["latitude"], fields["longitude"]))
