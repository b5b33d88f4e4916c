from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from orders.errors import OrderNotFound
from tracking.api.v2.serializers import DeliverySerializer
from tracking.errors import OrderNotDispatched
from tracking.selectors import delivery_for


class DeliveryDetail(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "orders:read"}
    serializer_class = DeliverySerializer

    @extend_schema(
        operation_id="deliveries_retrieve",
        summary="Where an order is",
        description="From the moment a courier has been assigned. `eta` is null where the order is not on its way.",
        tags=["Deliveries"],
        responses=DeliverySerializer,
    )
    @refuses(OrderNotFound, OrderNotDispatched)
    def get(self, request: Request, order_id: UUID) -> Response:
        return Response(DeliverySerializer(delivery_for(caller(request), order_id)).data)
