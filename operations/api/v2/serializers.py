"""The state of the whole system as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.moments import moment
from couriers.models import Courier
from couriers.states import AssignmentStatus, Availability
from couriers.vehicles import Vehicle
from orders.states import OrderStatus
from tracking.state import Carried, CourierAtWork, SystemState


class StatePositionSerializer(serializers.Serializer[Any]):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    recorded_at = serializers.DateTimeField(source="position_recorded_at")


class StateAssignmentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    order_number = serializers.CharField(source="order.number")
    status = serializers.ChoiceField(choices=AssignmentStatus.choices)


class StateCourierSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Availability.choices, source="availability")
    vehicle = serializers.ChoiceField(choices=Vehicle.choices)
    capacity = serializers.IntegerField()
    position = serializers.SerializerMethodField()
    assignments = StateAssignmentSerializer(source="carried", many=True)

    @extend_schema_field(StatePositionSerializer(allow_null=True))
    def get_position(self, courier: Courier) -> dict[str, Any] | None:
        if not courier.has_position:
            return None
        return {
            "latitude": courier.latitude,
            "longitude": courier.longitude,
            "recorded_at": moment(courier.position_recorded_at),
        }

    def to_representation(self, instance: CourierAtWork) -> dict[str, Any]:
        """By hand: field by field, thousands of couriers and their orders would take seconds."""
        courier = instance.courier
        return {
            "id": str(courier.pk),
            "name": courier.name,
            "status": courier.availability.value,
            "vehicle": courier.vehicle,
            "capacity": courier.capacity,
            "position": self.get_position(courier),
            "assignments": [_carried_as_json(carried) for carried in instance.carried],
        }


def _carried_as_json(carried: Carried) -> dict[str, str]:
    return {
        "id": str(carried.id),
        "order_id": str(carried.order_id),
        "order_number": carried.order_number,
        "status": carried.status,
    }


class StatisticsSerializer(serializers.Serializer[SystemState]):
    total_orders = serializers.IntegerField(help_text="All there ever were.")
    active_deliveries = serializers.IntegerField(help_text="Orders that a courier has accepted or carries.")
    waiting_for_courier = serializers.IntegerField(help_text="Confirmed orders that nobody has accepted.")
    completed_today = serializers.IntegerField(help_text="Delivered since midnight by the installation's clock.")
    online_couriers = serializers.IntegerField()


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])
    checks = serializers.DictField(child=serializers.DictField())


class StateSerializer(serializers.Serializer[Any]):
    generated_at = serializers.DateTimeField()
    orders_by_status = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"With every status: {', '.join(OrderStatus.values)}."
    )
    statistics = StatisticsSerializer(source="*")
    couriers = StateCourierSerializer(many=True, help_text="Those who are online, or carry something.")


class StateWithHealthSerializer(StateSerializer):
    health = HealthSerializer()
