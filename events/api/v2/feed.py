"""The feed of events: for whoever missed some, or would rather ask than be told."""

import re
from typing import Any, ClassVar, Final

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.permissions import caller
from api.pagination import DEFAULT_LIMIT
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import StrictSerializer
from api.views import ApiView
from events.audience import Audience
from events.errors import EventsExpired
from events.feed import MAX_LIMIT, Reading, read_on
from events.type_names import ASKED_PATTERN, MAX_LENGTH, is_misspelt, of_types

MAX_SEQUENCE: Final = 2**63 - 1
EXAMPLE: Final = {
    "id": "0199f3a7-2b1e-7d44-9c10-5a7e3f2b8d61",
    "type": "order.paid",
    "occurred_at": "2026-11-21T12:01:31.250000Z",
    "sequence": 1042,
    "subject": {"type": "order", "id": "0199f3a5-4f0d-7c61-8a2b-3e9d1f60c7a4", "version": 2},
    "store_id": "0199f3a1-7c3a-7f10-b1d2-9e4c6a8f0b35",
    "correlation_id": "0199f3a54f0d7c618a2b3e9d1f60c7a4",
    "data": {"number": "DP-7K3QX", "status": "paid", "store_id": "0199f3a1-7c3a-7f10-b1d2-9e4c6a8f0b35"},
}


def refuse_misspelt(name: str) -> None:
    if re.fullmatch(ASKED_PATTERN, name) and is_misspelt(name):
        raise ValidationError("There are no events of this name.", code="unknown_type")


class FeedParameters(StrictSerializer):
    after = serializers.BigIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_SEQUENCE,
        help_text="The `after` of the last answer, or the sequence of the last event you have; without it the feed "
        "begins with the oldest event that is kept.",
    )
    type = serializers.ListField(
        child=serializers.RegexField(ASKED_PATTERN, max_length=MAX_LENGTH, validators=[refuse_misspelt]),
        required=False,
        max_length=50,
        help_text="A type, or a family such as `order.*` or `ext.*`; may be repeated.",
    )
    store = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=50)
    subject = serializers.UUIDField(required=False, help_text="Only what is about the thing of this id.")
    limit = serializers.IntegerField(required=False, default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)


class EventSubjectSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0)


class EventSerializer(serializers.Serializer[Any]):
    """The same in feed, webhooks and sockets."""

    example: ClassVar = EXAMPLE

    id = serializers.UUIDField(help_text="The same however often it is sent: deduplicate by it.")
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    sequence = serializers.IntegerField(min_value=1)
    subject = EventSubjectSerializer()
    store_id = serializers.UUIDField(allow_null=True)
    correlation_id = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field is no attribute of its serializer


class FeedSerializer(serializers.Serializer[Any]):
    example: ClassVar = {
        "results": [EXAMPLE],
        "next": "https://delivery.example.com/api/v2/events?after=1042",
        "previous": None,
        "after": 1042,
        "last": 1058,
    }

    results = EventSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Null when there is nothing more to read at present.")
    previous = serializers.URLField(allow_null=True, help_text="Always null.")
    after = serializers.IntegerField(
        min_value=0,
        help_text="Where to read on, also when `results` is empty: up to here nothing is left that you asked for.",
    )
    last = serializers.IntegerField(min_value=0, help_text="The newest sequence, whoever may see that event.")


class EventFeed(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "events:read"}
    serializer_class = FeedSerializer

    @extend_schema(
        operation_id="events_list",
        summary="Read the events after a place in their sequence",
        description=(
            "In order and without gaps: who has read up to `after` will never find anything new before it. Integrators "
            "see the events of their stores and those they have published."
        ),
        tags=["Events"],
        parameters=[FeedParameters],
        responses=FeedSerializer,
    )
    @refuses(EventsExpired)
    def get(self, request: Request) -> Response:
        given = self.query(FeedParameters)
        reading = read_on(
            Audience.of(caller(request)), after=given.get("after"), limit=given["limit"], asked_for=asked_for(given)
        )
        return Response(
            {
                "results": [event.as_json() for event in reading.events],
                "next": next_address(request, reading),
                "previous": None,
                "after": reading.after,
                "last": reading.last,
            }
        )


def asked_for(given: dict[str, Any]) -> Q:
    condition = of_types(given.get("type", ()))
    if "store" in given:
        condition &= Q(store_id__in=given["store"])
    if "subject" in given:
        condition &= Q(subject_id=given["subject"])
    return condition


def next_address(request: Request, reading: Reading) -> str | None:
    if reading.after >= reading.last:
        return None
    return replace_query_param(request.build_absolute_uri(), "after", str(reading.after))
