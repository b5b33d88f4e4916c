"""Integrators' own events: one or more, all or none."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.errors import JSON, FieldProblem
from api.idempotency.decorator import idempotent
from api.problems import field_problems
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import StrictSerializer
from api.text import has_control_characters
from api.views import ApiView
from events.batches.outside import publish_from_outside
from events.batches.publishing import InvalidEvents
from events.envelopes import Subject
from events.errors import BatchRolledBack
from events.publishing import NewEvent
from events.type_names import MAX_LENGTH, OUTSIDE_PATTERN
from events.types import SUBJECT_TYPES

MAX_EVENTS: Final = 100
MAX_DATA_BYTES: Final = 16_384
MAX_DATA_DEPTH: Final = 8
MAX_NUMBER: Final = 2**63 - 1
CORRELATION_PATTERN: Final = r"^[A-Za-z0-9._:-]{1,64}$"
SUBJECT_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9._-]*$"
TYPE_MESSAGE: Final = "Begins with `ext.`, then words of letters, digits, _ and - with full stops between them."
EXAMPLE: Final[Mapping[str, JSON]] = {
    "type": "ext.loyalty.points_earned",
    "subject": {"type": "loyalty_card", "id": "0199f3b2-5d0c-7a51-8e3f-6c1b9d2a4f70", "version": 12},
    "data": {"points": 25, "reason": "order"},
}


class DataField(serializers.DictField):
    """Any JSON object, as far as it can be kept, sent and read with reason."""

    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        value: dict[Any, Any] = super().to_internal_value(data)
        if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_DATA_BYTES:
            raise ValidationError(f"At most {MAX_DATA_BYTES} bytes of JSON.", code="too_large")
        _refuse_unreadable(value, depth=1)
        return value


def _refuse_unreadable(value: object, *, depth: int) -> None:
    if depth > MAX_DATA_DEPTH and isinstance(value, dict | list):
        raise ValidationError(f"At most {MAX_DATA_DEPTH} levels.", code="too_deep")
    if isinstance(value, str) and has_control_characters(value):
        raise ValidationError("Control characters are not allowed.", code="control_characters")
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise ValidationError("Numbers go up to 2^63.", code="out_of_range")
    if isinstance(value, dict):
        for inner in (*value, *value.values()):
            _refuse_unreadable(inner, depth=depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unreadable(inner, depth=depth + 1)


class NewSubjectSerializer(StrictSerializer):
    """What the event is about: a thing of yours, or one of ours, whose version then is not yours to tell."""

    type = serializers.RegexField(SUBJECT_PATTERN, max_length=50)
    id = serializers.UUIDField()
    version = serializers.IntegerField(required=False, min_value=0, help_text="0 where it is not given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "version" in attrs and attrs["type"] in SUBJECT_TYPES:
            raise ValidationError({"version": ["Only we count the versions of our own things."]}, code="read_only")
        return super().validate(attrs)


class NewEventSerializer(StrictSerializer):
    example: ClassVar = EXAMPLE

    type = serializers.RegexField(OUTSIDE_PATTERN, max_length=MAX_LENGTH, error_messages={"invalid": TYPE_MESSAGE})
    subject = NewSubjectSerializer()
    store_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="A store that you act for: its members may see the event. Without one only you may, and dispatchers.",
    )
    data = DataField(  # type: ignore[assignment]  # a field is no attribute of its serializer
        required=False,
        help_text=f"At most {MAX_DATA_BYTES} bytes and {MAX_DATA_DEPTH} levels. No personal data: it is sent on.",
    )


class NewBatchSerializer(StrictSerializer):
    example: ClassVar = {"correlation_id": "till-7.receipt-4711", "events": [EXAMPLE]}

    correlation_id = serializers.RegexField(
        CORRELATION_PATTERN,
        max_length=64,
        required=False,
        help_text="Common to these events; without one, the request's trace id.",
    )
    events = serializers.ListField(child=NewEventSerializer(), min_length=1, max_length=MAX_EVENTS)


class BatchFrameSerializer(NewBatchSerializer):
    """A batch whose events are looked at one by one, because a mistake in one of them is told by an event."""

    events = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MAX_EVENTS)


class PublishedEventSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    type = serializers.CharField()


class PublishedBatchSerializer(serializers.Serializer[Any]):
    correlation_id = serializers.CharField()
    events = PublishedEventSerializer(many=True)


class EventBatchList(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "events:write"}
    serializer_class = PublishedBatchSerializer

    @extend_schema(
        operation_id="event_batches_create",
        summary="Publish events of your own, all or none",
        description=(
            "In the order of the list, after those you published before, and under one correlation id. They reach "
            "webhooks and the feed; nothing here acts on them. Where one is invalid, none is published but a "
            "`batch.rolled_back`, which says which and why."
        ),
        tags=["Events"],
        request=NewBatchSerializer,
        responses={201: PublishedBatchSerializer},
    )
    @refuses(BatchRolledBack)
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.body(BatchFrameSerializer)
        try:
            published = publish_from_outside(
                partial(read_events, given["events"]),
                publisher=caller(request),
                correlation_id=given.get("correlation_id"),
            )
        except BatchRolledBack as refusal:
            # Answered, not raised: that would take the event that tells of it back too.
            return self.handle_exception(refusal)
        events = [{"id": str(event.event_id), "type": event.type} for event in published]
        return Response({"correlation_id": published[0].correlation_id, "events": events}, status=201)


def read_events(items: Sequence[Mapping[str, Any]]) -> list[NewEvent]:
    """Raises InvalidEvents with the problems of all of them."""
    parsed = [NewEventSerializer(data=item) for item in items]
    valid = [serializer.is_valid() for serializer in parsed]
    problems = [problem for index, serializer in enumerate(parsed) for problem in problems_of(serializer, index=index)]
    if problems:
        raise InvalidEvents(problems, index=valid.index(False))
    return [new_event(serializer.validated_data) for serializer in parsed]


def problems_of(serializer: NewEventSerializer, *, index: int) -> list[FieldProblem]:
    return list(field_problems(serializer.errors, f"/events/{index}"))


def new_event(given: Mapping[str, Any]) -> NewEvent:
    subject = given["subject"]
    return NewEvent(
        type=given["type"],
        subject=Subject(subject["type"], subject["id"], subject.get("version", 0)),
        store_id=given.get("store_id"),
        data=given.get("data", {}),
    )
