"""Who carries which order, and what the courier does with it."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import caller
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import NoBody
from api.views import ApiView
from couriers.api.v2.filters import filtered_assignments
from couriers.api.v2.serializers import (
    AssignmentFilterSerializer,
    AssignmentSerializer,
    AssignSerializer,
    DeliverSerializer,
    FailSerializer,
    ReasonSerializer,
    failure_of,
)
from couriers.errors import (
    AssignmentNotFound,
    CourierAtCapacity,
    CourierInactive,
    CourierNotFound,
    CourierNotOfStore,
    OrderAlreadyAssigned,
    OrderNotOffered,
    PinLocked,
    WrongPin,
)
from couriers.models import Assignment
from couriers.selectors import assignment_for, assignments_for, order_to_carry, own_courier
from couriers.services.accepting import accept_order
from couriers.services.assigning import assign_order, unassign_order
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.services.releasing import give_back
from orders.errors import OrderNotFound, OrderNotReady, TransitionNotAllowed
from orders.selectors import order_for

TAGS = ["Assignments"]
OPTIONAL = {"POST": False}
ORDER_VERSION = "If-Match, optional, names the version of the order; the answer is the assignment with its own ETag."


class AssignmentView(ApiView):
    serializer_class = AssignmentSerializer
    queryset: QuerySet[Assignment] = Assignment.objects.none()

    def answer(self, assignment: Assignment) -> Response:
        return with_etag(Response(self.get_serializer(assignment).data), assignment.version)

    def change(self) -> dict[str, Any]:
        """Who acts, and on which version, as every service takes them."""
        return {
            "actor": Actor.of(caller(self.request)),
            "expected_version": expected_version(self.request, required=False),
        }


class OrderAccept(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="orders_accept",
        summary="Take an order on as its courier",
        description=ORDER_VERSION,
        tags=TAGS,
        request=NoBody,
        responses=AssignmentSerializer,
    )
    @refuses(
        OrderNotFound,
        CourierNotFound,
        OrderAlreadyAssigned,
        OrderNotOffered,
        TransitionNotAllowed,
        CourierInactive,
        CourierAtCapacity,
    )
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        self.body(NoBody)
        courier = own_courier(caller(request))
        order = order_to_carry(caller(request), order_id)
        return self.answer(accept_order(order.id, courier_id=courier.id, **self.change()))


class OrderAssign(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "dispatch"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="orders_assign",
        summary="Give an order to a courier, or to another one before pickup",
        description=ORDER_VERSION,
        tags=TAGS,
        request=AssignSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(
        OrderNotFound,
        CourierNotFound,
        OrderAlreadyAssigned,
        TransitionNotAllowed,
        CourierInactive,
        CourierAtCapacity,
        CourierNotOfStore,
    )
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        courier_id: UUID = self.body(AssignSerializer)["courier_id"]
        order = order_for(caller(request), order_id)
        return self.answer(assign_order(order.id, courier_id=courier_id, **self.change()))


class OrderUnassign(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "dispatch"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="orders_unassign",
        summary="Take an order back from its courier before pickup",
        description=ORDER_VERSION,
        tags=TAGS,
        request=ReasonSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(OrderNotFound, TransitionNotAllowed)
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        reason: str = self.body(ReasonSerializer)["reason"]
        order = order_for(caller(request), order_id)
        return self.answer(unassign_order(order.id, reason=reason, **self.change()))


class AssignmentList(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ("deliver", "couriers:read")}

    @extend_schema(
        operation_id="assignments_list",
        summary="List assignments",
        tags=TAGS,
        parameters=[AssignmentFilterSerializer],
        responses=AssignmentSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(AssignmentFilterSerializer)
        return self.page(filtered_assignments(assignments_for(caller(request)), filters), AssignmentSerializer)


class AssignmentDetail(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ("deliver", "couriers:read")}

    @extend_schema(
        operation_id="assignments_retrieve", summary="Show an assignment", tags=TAGS, responses=AssignmentSerializer
    )
    @refuses(AssignmentNotFound)
    def get(self, request: Request, assignment_id: UUID) -> Response:
        return self.answer(assignment_for(caller(request), assignment_id))


class AssignmentPickUp(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_pick_up",
        summary="The courier has the goods",
        tags=TAGS,
        request=NoBody,
        responses=AssignmentSerializer,
    )
    @refuses(AssignmentNotFound, TransitionNotAllowed, OrderNotReady)
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        self.body(NoBody)
        assignment = assignment_for(caller(request), assignment_id)
        return self.answer(pick_up(assignment.id, **self.change()))


class AssignmentRelease(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_release",
        summary="Give an order back before pickup",
        tags=TAGS,
        request=ReasonSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(AssignmentNotFound, TransitionNotAllowed)
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        reason: str = self.body(ReasonSerializer)["reason"]
        assignment = assignment_for(caller(request), assignment_id)
        return self.answer(give_back(assignment.id, reason=reason, **self.change()))


class AssignmentDeliver(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_deliver",
        summary="The order was handed over",
        tags=TAGS,
        request=DeliverSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(AssignmentNotFound, TransitionNotAllowed, WrongPin, PinLocked)
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        proof = Proof(**self.body(DeliverSerializer))
        assignment = assignment_for(caller(request), assignment_id)
        outcome = deliver(assignment.id, proof=proof, **self.change())
        if isinstance(outcome, WrongPin):
            return self.handle_exception(outcome)
        return self.answer(outcome)


class AssignmentFail(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_fail",
        summary="The order could not be handed over",
        tags=TAGS,
        request=FailSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(AssignmentNotFound, TransitionNotAllowed)
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        reason, note = failure_of(self.body(FailSerializer))
        assignment = assignment_for(caller(request), assignment_id)
        return self.answer(fail(assignment.id, reason=reason, note=note, **self.change()))
