from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.versions import DeprecatedView
from catalog.errors import InsufficientStock, OutsideDeliveryArea, ProductNotFound, StoreClosed
from orders.api.v1.serializers import NewOrderV1Serializer, OrderV1Serializer, PlacedOrderV1Serializer
from orders.errors import CustomerNotFound, OrderNotFound, ProductUnavailable, TotalTooLarge
from orders.selectors import customer_for, order_for
from orders.services.placing import place_order
from orders.services.requests import order_for_saved_dropoff


class OrderListV1(DeprecatedView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "orders:create"}
    serializer_class = PlacedOrderV1Serializer
    successor = "/api/v2/orders"

    @extend_schema(
        operation_id="v1_orders_create",
        summary="Place an order",
        tags=["Orders"],
        parameters=[LOCATION],
        request=NewOrderV1Serializer,
        responses={201: PlacedOrderV1Serializer},
        deprecated=True,
    )
    @refuses(
        CustomerNotFound,
        ProductNotFound,
        ProductUnavailable,
        InsufficientStock,
        StoreClosed,
        OutsideDeliveryArea,
        TotalTooLarge,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        fields = self.body(NewOrderV1Serializer)
        customer = customer_for(caller(request), fields["user_id"])
        new = order_for_saved_dropoff(customer, product_id=fields["product_id"], quantity=fields["quantity"])
        order = place_order(new, placed_by=caller(request))
        response = Response(PlacedOrderV1Serializer(order).data, status=201)
        response["Location"] = f"{request.path}/{order.id}"
        return response


class OrderDetailV1(DeprecatedView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "orders:read"}
    serializer_class = OrderV1Serializer
    successor = "/api/v2/orders"

    @extend_schema(
        operation_id="v1_orders_retrieve",
        summary="Show an order",
        tags=["Orders"],
        responses=OrderV1Serializer,
        deprecated=True,
    )
    @refuses(OrderNotFound)
    def get(self, request: Request, order_id: UUID) -> Response:
        return Response(OrderV1Serializer(order_for(caller(request), order_id)).data)
