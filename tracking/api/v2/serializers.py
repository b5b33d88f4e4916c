"""What a delivery looks like to those who follow it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers import MoneyField
from couriers.vehicles import Vehicle
from orders.api.v2.serializers import ChargeSerializer, OrderLineSerializer
from orders.models import Order
from orders.states import OrderStatus, PaymentMethod
from tracking.selectors import Delivery


class CourierPositionSerializer(serializers.Serializer[Any]):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    recorded_at = serializers.DateTimeField(source="position_recorded_at")
    age_seconds = serializers.SerializerMethodField()

    def get_age_seconds(self, courier: Any) -> int:
        age = self.context["now"] - courier.position_recorded_at
        return max(0, int(age.total_seconds()))


class DeliveryCourierSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    vehicle = serializers.ChoiceField(choices=Vehicle.choices)
    position = CourierPositionSerializer(allow_null=True, help_text="Known only while they have the order.")


class DeliveryStoreSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class DeliveryDropoffSerializer(serializers.Serializer[Any]):
    address = serializers.CharField(source="dropoff_address")
    latitude = serializers.FloatField(source="dropoff_latitude")
    longitude = serializers.FloatField(source="dropoff_longitude")


class DeliveryOrderSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    currency = serializers.CharField()
    items = OrderLineSerializer(source="lines", many=True)
    items_total = MoneyField()
    charges = ChargeSerializer(many=True)
    total = MoneyField()
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices)
    created_at = serializers.DateTimeField()
    estimated_ready_at = serializers.DateTimeField(allow_null=True)
    ready_at = serializers.DateTimeField(allow_null=True)


class DeliverySerializer(serializers.Serializer[Delivery]):
    order_id = serializers.UUIDField(source="order.id")
    status = serializers.ChoiceField(choices=OrderStatus.choices, source="order.status")
    progress = serializers.IntegerField(min_value=0, max_value=100)
    eta = serializers.DateTimeField(allow_null=True)
    eta_seconds = serializers.IntegerField(allow_null=True)
    courier = serializers.SerializerMethodField()
    store = DeliveryStoreSerializer(source="order.store")
    dropoff = serializers.SerializerMethodField()
    order = DeliveryOrderSerializer()
    picked_up_at = serializers.DateTimeField(source="assignment.picked_up_at", allow_null=True)
    delivered_at = serializers.DateTimeField(source="assignment.delivered_at", allow_null=True)
    sequence = serializers.IntegerField(help_text="Of the last event of the order that this answer contains.")

    @extend_schema_field(DeliveryCourierSerializer(allow_null=True))
    def get_courier(self, delivery: Delivery) -> dict[str, Any] | None:
        courier = delivery.courier
        if courier is None:
            return None
        shown = {"name": courier.name, "vehicle": courier.vehicle, "position": delivery.shown_position_of}
        return dict(DeliveryCourierSerializer(shown, context={"now": delivery.now}).data)

    @extend_schema_field(DeliveryDropoffSerializer(allow_null=True))
    def get_dropoff(self, delivery: Delivery) -> dict[str, Any] | None:
        order: Order = delivery.order
        return dict(DeliveryDropoffSerializer(order).data) if order.has_dropoff else None
