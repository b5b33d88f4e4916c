"""Asking couriers, and their answers."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.idempotency.decorator import idempotent
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import NoBody
from couriers.api.v2.assignment_views import OPTIONAL, AssignmentView
from couriers.api.v2.offer_serializers import (
    DeclineSerializer,
    OfferedSerializer,
    OfferSerializer,
    OpenOfferSerializer,
    deadline_of,
)
from couriers.api.v2.serializers import AssignmentSerializer
from couriers.errors import (
    AssignmentNotFound,
    CourierAtCapacity,
    CourierInactive,
    CourierNotFound,
    CourierUnavailable,
    NoCourierFree,
    OfferNotOpen,
    OrderAlreadyAssigned,
)
from couriers.selectors import assignment_for, open_offers_for, own_courier
from couriers.services.accepting import accept_offer
from couriers.services.answering import decline_offer
from couriers.services.matching import offer_to_best
from couriers.services.offering import offer_order
from couriers.states import DeclineReason
from orders.errors import OrderNotFound, TransitionNotAllowed
from orders.selectors import order_for

TAGS = ["Offers"]


class OrderOffer(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "dispatch"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="orders_offer",
        summary="Ask couriers whether they take an order on",
        description="All of them are asked, or none; without any named, the one whom it fits best. "
        "Who accepts first has it; the others' offers end. "
        "If-Match, optional, names the version of the order.",
        tags=TAGS,
        request=OfferSerializer,
        responses=OfferedSerializer,
    )
    @refuses(OrderNotFound, CourierNotFound, TransitionNotAllowed, CourierUnavailable, NoCourierFree)
    @idempotent
    def post(self, request: Request, order_id: UUID) -> Response:
        wish = self.body(OfferSerializer)
        order = order_for(caller(request), order_id)
        terms = {"expires_in": deadline_of(wish), **self.change()}
        if "courier_ids" in wish:
            offers = offer_order(order.id, courier_ids=wish["courier_ids"], **terms)
        else:
            offers = offer_to_best(order.id, **terms)
        return Response(OfferedSerializer({"offers": offers}).data)


class OwnOffers(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "deliver"}
    serializer_class = OpenOfferSerializer

    @extend_schema(
        operation_id="couriers_me_offers_list",
        summary="What is offered to me",
        description="Offers that may still be accepted, the latest first.",
        tags=TAGS,
        responses=OpenOfferSerializer(many=True),
    )
    @refuses(CourierNotFound)
    def get(self, request: Request) -> Response:
        return self.page(open_offers_for(own_courier(caller(request))), OpenOfferSerializer)


class AssignmentAccept(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_accept",
        summary="Accept an offer",
        tags=TAGS,
        request=NoBody,
        responses=AssignmentSerializer,
    )
    @refuses(
        AssignmentNotFound, OfferNotOpen, OrderAlreadyAssigned, TransitionNotAllowed, CourierInactive, CourierAtCapacity
    )
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        self.body(NoBody)
        assignment = assignment_for(caller(request), assignment_id)
        return self.answer(accept_offer(assignment.id, **self.change()))


class AssignmentDecline(AssignmentView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "deliver"}
    if_match = OPTIONAL

    @extend_schema(
        operation_id="assignments_decline",
        summary="Decline an offer",
        tags=TAGS,
        request=DeclineSerializer,
        responses=AssignmentSerializer,
    )
    @refuses(AssignmentNotFound, OfferNotOpen)
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        fields = self.body(DeclineSerializer)
        assignment = assignment_for(caller(request), assignment_id)
        reason = DeclineReason(fields["reason"])
        return self.answer(decline_offer(assignment.id, reason=reason, note=fields["note"], **self.change()))
