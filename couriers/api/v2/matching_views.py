"""Who was considered for an order, and why."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from couriers.decisions import matching_of
from couriers.matching.plan import EXCLUSIONS, OUTCOMES
from couriers.states import DecidedBy
from orders.errors import OrderNotFound
from orders.selectors import order_for


class CandidateSerializer(serializers.Serializer[Any]):
    courier_id = serializers.UUIDField()
    name = serializers.CharField()
    cost = serializers.FloatField(help_text="In seconds of riding, all things considered. Less is better.")
    distance_m = serializers.IntegerField(allow_null=True, help_text="To the store; null where they are is unknown.")
    position_age_seconds = serializers.IntegerField(allow_null=True)
    stops = serializers.IntegerField(help_text="That they had still to make.")
    door_seconds = serializers.IntegerField(help_text="Until it would have been at the door.")
    travel_seconds = serializers.IntegerField(help_text="Riding it would have added to their route.")
    late_seconds = serializers.IntegerField(help_text="Lateness it would have caused, to orders in hand too.")
    proposed_for: serializers.ListField = serializers.ListField(
        child=serializers.UUIDField(), help_text="Other orders that they got in the same plan."
    )


class ExcludedSerializer(serializers.Serializer[Any]):
    courier_id = serializers.UUIDField()
    name = serializers.CharField()
    reason = serializers.ChoiceField(choices=EXCLUSIONS)
    distance_m = serializers.IntegerField(allow_null=True)


class DecisionSerializer(serializers.Serializer[Any]):
    decided_at = serializers.DateTimeField()
    decided_by = serializers.ChoiceField(choices=DecidedBy.choices)
    engine = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    courier_id = serializers.UUIDField(allow_null=True, help_text="Who was chosen.")
    candidates = CandidateSerializer(many=True, help_text="The best of them, and the one who was chosen.")
    candidate_count = serializers.IntegerField()
    excluded = ExcludedSerializer(many=True, help_text="The nearest of them.")
    exclusion_counts: serializers.DictField = serializers.DictField(
        child=serializers.IntegerField(), help_text="All of them, by reason."
    )


class MatchingSerializer(serializers.Serializer[Any]):
    order_id = serializers.UUIDField()
    suggestion = DecisionSerializer(allow_null=True, help_text="As things are now; null unless it waits for a courier.")
    decisions = DecisionSerializer(many=True, help_text="The latest first, twenty at most.")


class OrderMatching(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "dispatch"}
    serializer_class = MatchingSerializer

    @extend_schema(
        operation_id="orders_matching",
        summary="Show who was considered for an order, and why",
        description="Why somebody was asked, or nobody: candidates at what price, and who was excluded for what "
        "reason. Kept for a while.",
        tags=["Offers"],
        responses=MatchingSerializer,
    )
    @refuses(OrderNotFound)
    def get(self, request: Request, order_id: UUID) -> Response:
        matching = matching_of(order_for(caller(request), order_id))
        return Response(MatchingSerializer(matching).data)
