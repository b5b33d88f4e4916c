from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import caller
from api.errors import JSON, PermissionRefused
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import NoBody
from api.views import ApiView
from catalog.errors import InsufficientStock, OutsideDeliveryArea, ProductNotFound, StoreClosed
from orders.api.v2.examples import order_example
from orders.api.v2.filters import filtered
from orders.api.v2.serializers import (
    CancelSerializer,
    NewOrderSerializer,
    OrderEditSerializer,
    OrderFilterSerializer,
    OrderSerializer,
    TimelineEntrySerializer,
    new_order,
    order_edit,
)
from orders.errors import (
    DropoffFixed,
    DropoffMissing,
    ExternalIdTaken,
    OrderClosed,
    OrderNotFound,
    ProductUnavailable,
    RefundTooLarge,
    SeveralStores,
    TotalChanged,
    TotalTooLarge,
    TransitionNotAllowed,
)
from orders.models import Order
from orders.selectors import order_for, orders_for, timeline_of, with_content
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.services.editing import edit_order
from orders.services.placing import place_order


class OrderView(ApiView):
    serializer_class = OrderSerializer
    queryset: QuerySet[Order] = Order.objects.none()

    def answer(self, order_id: UUID, *, status: int = 200) -> Response:
        """The order as the caller sees it after a change, with its new ETag."""
        order = order_for(caller(self.request), order_id)
        return with_etag(Response(self.get_serializer(order).data, status=status), order.version)

    @property
    def actor(self) -> Actor:
        return Actor.of(caller(self.request))


class OrderList(OrderView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "orders:read", "POST": "orders:create"}

    @extend_schema(
        operation_id="orders_list",
        summary="List orders",
        tags=["Orders"],
        parameters=[OrderFilterSerializer],
        responses=OrderSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(OrderFilterSerializer)
        return self.page(with_content(filtered(orders_for(caller(request)), filters)), OrderSerializer)

    @extend_schema(
        operation_id="orders_create",
        summary="Place an order",
        tags=["Orders"],
        parameters=[LOCATION],
        request=NewOrderSerializer,
        responses={201: OrderSerializer},
    )
    @refuses(
        ProductNotFound,
        ProductUnavailable,
        SeveralStores,
        InsufficientStock,
        StoreClosed,
        OutsideDeliveryArea,
        TotalTooLarge,
        TotalChanged,
        ExternalIdTaken,
    )
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        order = place_order(new_order(self.body(NewOrderSerializer), user=caller(request)), placed_by=caller(request))
        response = self.answer(order.id, status=201)
        response["Location"] = f"{request.path}/{order.id}"
        return response

    def example_body(self, method: str) -> Mapping[str, JSON] | None:
        return order_example(caller(self.request))


class OrderDetail(OrderView):
    required_scopes: ClassVar[dict[str, Scopes]] = {
        "GET": "orders:read",
        "PATCH": ("orders:create", "orders:update"),
    }

    @extend_schema(operation_id="orders_retrieve", summary="Show an order", tags=["Orders"], responses=OrderSerializer)
    @refuses(OrderNotFound)
    def get(self, request: Request, order_id: UUID) -> Response:
        return self.answer(order_id)

    @extend_schema(
        operation_id="orders_update",
        summary="Change drop-off, contact or note",
        tags=["Orders"],
        request=OrderEditSerializer,
        responses=OrderSerializer,
    )
    @refuses(OrderNotFound, OrderClosed, DropoffFixed, OutsideDeliveryArea, StoreClosed, TotalTooLarge)
    def patch(self, request: Request, order_id: UUID) -> Response:
        order = order_for(caller(request), order_id)
        version = expected_version(request, required=True)
        edit_order(
            order.id, edit=order_edit(self.body(OrderEditSerializer)), actor=self.actor, expected_version=version
        )
        return self.answer(order_id)


class OrderTimeline(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "orders:read"}
    serializer_class = TimelineEntrySerializer

    @extend_schema(
        operation_id="orders_timeline",
        summary="What happened to an order, newest first",
        tags=["Orders"],
        responses=TimelineEntrySerializer(many=True),
    )
    @refuses(OrderNotFound)
    def get(self, request: Request, order_id: UUID) -> Response:
        return self.page(timeline_of(order_for(caller(request), order_id)), TimelineEntrySerializer)


class OrderConfirm(OrderView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "orders:update"}
    if_match: ClassVar[dict[str, bool]] = {"POST": False}

    @extend_schema(
        operation_id="orders_confirm",
        summary="Confirm an order: the store takes it on",
        tags=["Orders"],
        request=NoBody,
        responses=OrderSerializer,
    )
    @refuses(OrderNotFound, TransitionNotAllowed, DropoffMissing)
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        self.body(NoBody)
        order = order_for(caller(request), order_id)
        confirm_order(order.id, actor=self.actor, expected_version=expected_version(request, required=False))
        return self.answer(order_id)


class OrderReady(OrderView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "orders:update"}
    if_match: ClassVar[dict[str, bool]] = {"POST": False}

    @extend_schema(
        operation_id="orders_ready",
        summary="Say that an order is ready for pickup",
        tags=["Orders"],
        request=NoBody,
        responses=OrderSerializer,
    )
    @refuses(OrderNotFound, TransitionNotAllowed)
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        self.body(NoBody)
        order = order_for(caller(request), order_id)
        mark_ready(order.id, actor=self.actor, expected_version=expected_version(request, required=False))
        return self.answer(order_id)


class OrderCancel(OrderView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ("orders:create", "orders:update")}
    if_match: ClassVar[dict[str, bool]] = {"POST": False}

    @extend_schema(
        operation_id="orders_cancel",
        summary="Cancel an order",
        tags=["Orders"],
        request=CancelSerializer,
        responses=OrderSerializer,
    )
    @refuses(OrderNotFound, TransitionNotAllowed, RefundTooLarge, PermissionRefused)
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        fields: dict[str, Any] = self.body(CancelSerializer)
        order = order_for(caller(request), order_id)
        version = expected_version(request, required=False)
        cancel_order(order.id, actor=self.actor, expected_version=version, **fields)
        return self.answer(order_id)
