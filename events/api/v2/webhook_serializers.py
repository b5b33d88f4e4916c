"""The shapes of webhook endpoints and their deliveries. A secret is shown when it is made, and never again."""

from typing import Any, ClassVar, Final

from rest_framework import serializers

from api.serializers import ChangeSerializer, MomentField, StrictSerializer
from events.models import DeliveryState, EventDelivery, WebhookAttempt, WebhookEndpoint
from events.type_names import ASKED_PATTERN, MAX_LENGTH
from events.webhooks.addresses import MAX_LENGTH as LONGEST_ADDRESS

MAX_TYPES: Final = 100
MAX_TYPES_IN_ADDRESS: Final = 20
MAX_STORES: Final = 500
SECRET: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # the specification's example
ENDPOINT: Final = {
    "id": "0199f3b1-5a20-7c41-9f0e-2d6b8a7c1e53",
    "owner_id": "0199f3a1-0b2c-7d3e-8f40-51627384a5b6",
    "url": "https://shop.example.com/hooks/delivery",
    "description": "Order status in the shop",
    "event_types": ["order.*", "payment.succeeded"],
    "store_ids": [],
    "is_active": True,
    "disabled_reason": "",
    "failing_since": None,
    "last_success_at": "2026-11-21T12:01:31.250000Z",
    "previous_secret_expires_at": None,
    "version": 1,
    "created_at": "2026-11-21T12:00:00.000000Z",
    "updated_at": "2026-11-21T12:00:00.000000Z",
}


class NewWebhookEndpointSerializer(ChangeSerializer):
    example: ClassVar = {
        "url": "https://shop.example.com/hooks/delivery",
        "description": "Order status in the shop",
        "event_types": ["order.*", "payment.succeeded"],
    }

    url = serializers.CharField(max_length=LONGEST_ADDRESS, help_text="A public address that begins with https://.")
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    event_types = serializers.ListField(
        child=serializers.RegexField(ASKED_PATTERN, max_length=MAX_LENGTH),
        required=False,
        max_length=MAX_TYPES,
        help_text="Types, or families such as `order.*` or `ext.*`; empty means every type.",
    )
    store_ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MAX_STORES,
        help_text="Only events of these stores; empty means all that the owner may see.",
    )


class WebhookEndpointChangeSerializer(NewWebhookEndpointSerializer):
    """At least one field. A list replaces the one there is."""

    url = serializers.CharField(
        max_length=LONGEST_ADDRESS, required=False, help_text="A public address that begins with https://."
    )
    is_active = serializers.BooleanField(
        required=False, help_text="What happens while it is not active is not sent, then or later."
    )


class WebhookEndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    example: ClassVar = ENDPOINT

    owner_id = serializers.UUIDField()
    event_types = serializers.ListField(child=serializers.CharField())
    store_ids = serializers.ListField(child=serializers.UUIDField())
    disabled_reason = serializers.CharField(help_text="Empty while it is active.")
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="The first failure since the last success; null while all is well."
    )
    previous_secret_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret before the last rotation signs too."
    )

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar = [
            "id", "owner_id", "url", "description", "event_types", "store_ids", "is_active", "disabled_reason",
            "failing_since", "last_success_at", "previous_secret_expires_at", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class WebhookEndpointWithSecretSerializer(WebhookEndpointSerializer):
    example: ClassVar = {**ENDPOINT, "secret": SECRET}

    secret = serializers.CharField(help_text="Keep it: it is shown only now.")

    class Meta(WebhookEndpointSerializer.Meta):
        fields: ClassVar = [*WebhookEndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class WebhookPingSerializer(serializers.Serializer[Any]):
    example: ClassVar = {"event_id": "0199f3b2-6c1d-7a42-8e33-4f5061728394"}

    event_id = serializers.UUIDField(help_text="The `webhook-id` of the request you will get.")


class WebhookDeliveryFilterSerializer(StrictSerializer):
    state = serializers.MultipleChoiceField(choices=DeliveryState.choices, required=False)
    event_type = serializers.ListField(
        child=serializers.CharField(max_length=MAX_LENGTH), required=False, max_length=MAX_TYPES_IN_ADDRESS
    )
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    status_code = serializers.IntegerField(allow_null=True, help_text="Null where no answer came.")
    error = serializers.CharField(help_text="Why no answer came, else empty.")
    request_excerpt = serializers.CharField(help_text="The beginning of the body that was sent.")
    response_excerpt = serializers.CharField(help_text="The beginning of the answer; what cannot be seen is escaped.")

    class Meta:
        model = WebhookAttempt
        fields: ClassVar = [
            "number", "started_at", "duration_ms", "status_code", "error", "request_excerpt", "response_excerpt",
        ]  # fmt: skip
        read_only_fields = fields


class WebhookDeliverySerializer(serializers.ModelSerializer[EventDelivery]):
    example: ClassVar = {
        "id": "0199f3b3-7d2e-7b53-9f44-506172839405",
        "endpoint_id": ENDPOINT["id"],
        "event_id": "0199f3a7-2b1e-7d44-9c10-5a7e3f2b8d61",
        "event_type": "order.paid",
        "event_sequence": 1042,
        "state": "pending",
        "next_attempt_at": "2026-11-21T12:06:37.100000Z",
        "delivered_at": None,
        "last_error": "answered 503",
        "created_at": "2026-11-21T12:01:31.300000Z",
        "attempts": [
            {
                "number": 1,
                "started_at": "2026-11-21T12:01:31.400000Z",
                "duration_ms": 210,
                "status_code": 503,
                "error": "",
                "request_excerpt": '{"id":"0199f3a7-2b1e-7d44-9c10-5a7e3f2b8d61","type":"order.paid"…',
                "response_excerpt": "try again later",
            }
        ],
    }

    endpoint_id = serializers.UUIDField()
    event_id = serializers.UUIDField(source="event.event_id", help_text="The `webhook-id` of every attempt.")
    event_type = serializers.CharField(source="event.type")
    event_sequence = serializers.IntegerField(source="event.sequence")
    next_attempt_at = serializers.DateTimeField(
        source="next_attempt_if_pending", allow_null=True, help_text="Null unless it is pending."
    )
    attempts = WebhookAttemptSerializer(source="log", many=True, help_text="The first one first.")

    class Meta:
        model = EventDelivery
        fields: ClassVar = [
            "id", "endpoint_id", "event_id", "event_type", "event_sequence", "state", "next_attempt_at",
            "delivered_at", "last_error", "created_at", "attempts",
        ]  # fmt: skip
        read_only_fields = fields
