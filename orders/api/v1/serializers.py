"""The order of the first release: one product, for one user."""

from typing import Any

from rest_framework import serializers

from api.serializers import StrictSerializer
from orders.api.v2.serializers import MAX_QUANTITY
from orders.states import OrderStatus


class NewOrderV1Serializer(StrictSerializer):
    user_id = serializers.UUIDField()
    product_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class PlacedOrderV1Serializer(serializers.Serializer[Any]):
    order_id = serializers.UUIDField(source="id")
    status = serializers.ChoiceField(choices=OrderStatus.choices)


class OrderV1Serializer(PlacedOrderV1Serializer):
    """Orders of several lines show their first; v2 shows all."""

    user_id = serializers.UUIDField(source="customer_id", allow_null=True)
    product_id = serializers.UUIDField(source="first_line.product_id")
    quantity = serializers.IntegerField(source="first_line.quantity")
    created_at = serializers.DateTimeField()
