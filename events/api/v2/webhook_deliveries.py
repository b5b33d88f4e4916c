from typing import ClassVar, Final
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.idempotency.decorator import idempotent
from api.refusals import refuses
from api.scopes import Scopes
from api.serializers import NoBody
from api.views import ApiView
from events.api.v2.webhook_serializers import WebhookDeliveryFilterSerializer, WebhookDeliverySerializer
from events.errors import WebhookDeliveryNotFound, WebhookEndpointInactive, WebhookEndpointNotFound
from events.models import EventDelivery
from events.services.endpoints import resend_delivery
from events.webhooks.selectors import deliveries_of, delivery_for, endpoint_for

SCOPE: Final = "webhooks:manage"
TAGS: Final = ["Webhooks"]


class DeliveryList(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": SCOPE}
    serializer_class = WebhookDeliverySerializer
    queryset: QuerySet[EventDelivery] = EventDelivery.objects.none()

    @extend_schema(
        operation_id="webhook_deliveries_list",
        summary="List what was sent to an endpoint, or waits to be, with every attempt",
        tags=TAGS,
        parameters=[WebhookDeliveryFilterSerializer],
        responses=WebhookDeliverySerializer(many=True),
    )
    @refuses(WebhookEndpointNotFound)
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = endpoint_for(caller(request), endpoint_id)
        return self.page(
            deliveries_of(endpoint, self.query(WebhookDeliveryFilterSerializer)), WebhookDeliverySerializer
        )


class DeliveryResend(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": SCOPE}
    serializer_class = WebhookDeliverySerializer
    queryset: QuerySet[EventDelivery] = EventDelivery.objects.none()

    @extend_schema(
        operation_id="webhook_deliveries_resend",
        summary="Send an event once more, now",
        description="Delivered, pending or dead: under the same `webhook-id`, with all its attempts before it.",
        tags=TAGS,
        request=NoBody,
        responses={202: WebhookDeliverySerializer},
    )
    @refuses(WebhookDeliveryNotFound, WebhookEndpointInactive)
    @idempotent
    def post(self, request: Request, delivery_id: UUID) -> Response:
        self.body(NoBody)
        resend_delivery(delivery_for(caller(request), delivery_id).id)
        return Response(self.get_serializer(delivery_for(caller(request), delivery_id)).data, status=202)
