from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import caller
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import NoBody
from api.views import ApiView
from events.api.v2.webhook_serializers import (
    NewWebhookEndpointSerializer,
    WebhookEndpointChangeSerializer,
    WebhookEndpointSerializer,
    WebhookEndpointWithSecretSerializer,
    WebhookPingSerializer,
)
from events.errors import WebhookEndpointInactive, WebhookEndpointLimitReached, WebhookEndpointNotFound
from events.models import WebhookEndpoint
from events.services.endpoints import change_endpoint, create_endpoint, ping_endpoint, retire_endpoint, rotate_secret
from events.webhooks.selectors import endpoint_for, endpoints_for

SCOPE: Final = "webhooks:manage"
TAGS: Final = ["Webhooks"]


class EndpointView(ApiView):
    serializer_class: type[Serializer[Any]] = WebhookEndpointSerializer
    queryset: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.none()

    def find(self, endpoint_id: UUID) -> WebhookEndpoint:
        return endpoint_for(caller(self.request), endpoint_id)


class EndpointList(EndpointView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": SCOPE, "POST": SCOPE}

    @extend_schema(
        operation_id="webhook_endpoints_list",
        summary="List your webhook endpoints",
        description="Administrators see everybody's.",
        tags=TAGS,
        responses=WebhookEndpointSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(endpoints_for(caller(request)), WebhookEndpointSerializer)

    @extend_schema(
        operation_id="webhook_endpoints_create",
        summary="Have events sent to an address",
        description="The answer has the secret that signs them. It is shown only here.",
        tags=TAGS,
        parameters=[LOCATION],
        request=NewWebhookEndpointSerializer,
        responses={201: WebhookEndpointWithSecretSerializer},
    )
    @refuses(WebhookEndpointLimitReached)
    @idempotent
    def post(self, request: Request) -> Response:
        endpoint = create_endpoint(caller(request).pk, **self.body(NewWebhookEndpointSerializer))
        response = Response(WebhookEndpointWithSecretSerializer(endpoint).data, status=201)
        response["Location"] = f"{request.path}/{endpoint.id}"
        return with_etag(response, endpoint.version)


class EndpointDetail(EndpointView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": SCOPE, "PATCH": SCOPE, "DELETE": SCOPE}
    if_match: ClassVar[dict[str, bool]] = {"PATCH": True, "DELETE": False}

    @extend_schema(
        operation_id="webhook_endpoints_retrieve",
        summary="Show a webhook endpoint",
        tags=TAGS,
        responses=WebhookEndpointSerializer,
    )
    @refuses(WebhookEndpointNotFound)
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        return self._shown(self.find(endpoint_id))

    @extend_schema(
        operation_id="webhook_endpoints_update",
        summary="Change a webhook endpoint, or switch it on or off",
        tags=TAGS,
        request=WebhookEndpointChangeSerializer,
        responses=WebhookEndpointSerializer,
    )
    @refuses(WebhookEndpointNotFound)
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = self.find(endpoint_id)
        version = expected_version(request, required=True)
        changes = self.body(WebhookEndpointChangeSerializer)
        return self._shown(change_endpoint(endpoint.id, expected_version=version, **changes))

    @extend_schema(
        operation_id="webhook_endpoints_delete",
        summary="Have no more events sent to an address",
        description="What waits to be sent there is not sent any more.",
        tags=TAGS,
        responses={204: None},
    )
    @refuses(WebhookEndpointNotFound)
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = self.find(endpoint_id)
        retire_endpoint(endpoint.id, expected_version=expected_version(request, required=False))
        return Response(status=204)

    def _shown(self, endpoint: WebhookEndpoint) -> Response:
        return with_etag(Response(self.get_serializer(endpoint).data), endpoint.version)


class EndpointPing(EndpointView):
    serializer_class = WebhookPingSerializer
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": SCOPE}

    @extend_schema(
        operation_id="webhook_endpoints_ping",
        summary="Send an endpoint an event to try it with",
        description="A `webhook_endpoint.pinged`, for this endpoint only and tried once.",
        tags=TAGS,
        request=NoBody,
        responses={202: WebhookPingSerializer},
    )
    @refuses(WebhookEndpointNotFound, WebhookEndpointInactive)
    @idempotent
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        self.body(NoBody)
        event = ping_endpoint(self.find(endpoint_id).id)
        return Response({"event_id": str(event.event_id)}, status=202)


class EndpointSecret(EndpointView):
    serializer_class = WebhookEndpointWithSecretSerializer
    if_match: ClassVar[dict[str, bool]] = {"POST": False}
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": SCOPE}

    @extend_schema(
        operation_id="webhook_endpoints_rotate_secret",
        summary="Make an endpoint a new secret",
        description="For a day the old one signs too. The answer has the new one; it is shown only here.",
        tags=TAGS,
        request=NoBody,
        responses=WebhookEndpointWithSecretSerializer,
    )
    @refuses(WebhookEndpointNotFound)
    @idempotent
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        self.body(NoBody)
        endpoint = self.find(endpoint_id)
        rotated = rotate_secret(endpoint.id, expected_version=expected_version(request, required=False))
        return with_etag(Response(self.get_serializer(rotated).data), rotated.version)
