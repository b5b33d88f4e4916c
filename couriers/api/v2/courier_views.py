"""Couriers as staff see them, and as they see themselves."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import UserNotFound
from accounts.permissions import caller
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from couriers.api.v2.filters import filtered_couriers
from couriers.api.v2.serializers import (
    CourierChangeSerializer,
    CourierFilterSerializer,
    CourierSerializer,
    FixBatchSerializer,
    NewCourierSerializer,
    OwnStatusSerializer,
    ReceiptSerializer,
    fixes_of,
)
from couriers.errors import CapacityBelowActiveOrders, CourierExists, CourierInactive, CourierNotFound, NotACourier
from couriers.models import Courier
from couriers.selectors import courier_for, couriers_for, own_courier
from couriers.services.positions import record_positions
from couriers.services.profiles import UserReference, add_courier, change_courier, set_status
from couriers.states import CourierStatus

TAGS = ["Couriers"]


class CourierView(ApiView):
    serializer_class = CourierSerializer
    queryset: QuerySet[Courier] = Courier.objects.none()

    def answer(self, courier: Courier, *, status: int = 200) -> Response:
        return with_etag(Response(self.get_serializer(courier).data, status=status), courier.version)


class CourierList(CourierView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "couriers:read", "POST": "couriers:write"}

    @extend_schema(
        operation_id="couriers_list",
        summary="List couriers",
        tags=TAGS,
        parameters=[CourierFilterSerializer],
        responses=CourierSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(CourierFilterSerializer)
        return self.page(filtered_couriers(couriers_for(caller(request)), filters), CourierSerializer)

    @extend_schema(
        operation_id="couriers_create",
        summary="Make a user with the role courier a courier",
        tags=TAGS,
        parameters=[LOCATION],
        request=NewCourierSerializer,
        responses={201: CourierSerializer},
    )
    @refuses(UserNotFound, NotACourier, CourierExists)
    @idempotent
    def post(self, request: Request) -> Response:
        profile = self.body(NewCourierSerializer)
        reference = UserReference(user_id=profile.pop("user_id", None), email=profile.pop("email", None))
        courier = add_courier(reference, **profile)
        response = self.answer(courier_for(caller(request), courier.id), status=201)
        response["Location"] = f"{request.path}/{courier.id}"
        return response


class CourierDetail(CourierView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "couriers:read", "PATCH": "couriers:write"}

    @extend_schema(operation_id="couriers_retrieve", summary="Show a courier", tags=TAGS, responses=CourierSerializer)
    @refuses(CourierNotFound)
    def get(self, request: Request, courier_id: UUID) -> Response:
        return self.answer(courier_for(caller(request), courier_id))

    @extend_schema(
        operation_id="couriers_update",
        summary="Change a courier",
        tags=TAGS,
        request=CourierChangeSerializer,
        responses=CourierSerializer,
    )
    @refuses(CourierNotFound, CapacityBelowActiveOrders)
    def patch(self, request: Request, courier_id: UUID) -> Response:
        courier = courier_for(caller(request), courier_id)
        version = expected_version(request, required=True)
        change_courier(courier.id, expected_version=version, **self.body(CourierChangeSerializer))
        return self.answer(courier_for(caller(request), courier_id))


class OwnCourier(CourierView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "deliver", "PATCH": "deliver"}
    if_match: ClassVar[dict[str, bool]] = {"PATCH": False}

    @extend_schema(
        operation_id="couriers_me_retrieve", summary="Show my courier profile", tags=TAGS, responses=CourierSerializer
    )
    @refuses(CourierNotFound)
    def get(self, request: Request) -> Response:
        return self.answer(own_courier(caller(request)))

    @extend_schema(
        operation_id="couriers_me_update",
        summary="Come online or go",
        description="If-Match is optional: on a bad connection one call has to do.",
        tags=TAGS,
        request=OwnStatusSerializer,
        responses=CourierSerializer,
    )
    @refuses(CourierNotFound, CourierInactive)
    def patch(self, request: Request) -> Response:
        status = CourierStatus(self.body(OwnStatusSerializer)["status"])
        courier = own_courier(caller(request))
        set_status(courier.id, status=status, expected_version=expected_version(request, required=False))
        return self.answer(own_courier(caller(request)))


class OwnPositions(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    serializer_class = FixBatchSerializer

    @extend_schema(
        operation_id="couriers_me_positions_create",
        summary="Say where I am and was",
        description="In any order. A batch may be sent again: a moment that is known already is ignored.",
        tags=TAGS,
        request=FixBatchSerializer,
        responses=ReceiptSerializer,
    )
    @refuses(CourierNotFound)
    @idempotent(opens_transaction=False)
    def post(self, request: Request) -> Response:
        receipt = record_positions(caller(request).id, fixes=fixes_of(self.body(FixBatchSerializer)))
        return Response({"accepted": receipt.accepted, "ignored": receipt.ignored})
