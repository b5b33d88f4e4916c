from django.urls import path

from events.api.v2 import webhook_deliveries as deliveries
from events.api.v2 import webhook_endpoints as endpoints
from events.api.v2.batches import EventBatchList
from events.api.v2.feed import EventFeed

ENDPOINT = "webhook-endpoints/<uuid:endpoint_id>"

urlpatterns = [
    path("event-batches", EventBatchList.as_view(), name="event-batch-list"),
    path("events", EventFeed.as_view(), name="event-feed"),
    path("webhook-endpoints", endpoints.EndpointList.as_view(), name="webhook-endpoint-list"),
    path(ENDPOINT, endpoints.EndpointDetail.as_view(), name="webhook-endpoint-detail"),
    path(f"{ENDPOINT}/ping", endpoints.EndpointPing.as_view(), name="webhook-endpoint-ping"),
    path(f"{ENDPOINT}/rotate-secret", endpoints.EndpointSecret.as_view(), name="webhook-endpoint-rotate-secret"),
    path(f"{ENDPOINT}/deliveries", deliveries.DeliveryList.as_view(), name="webhook-delivery-list"),
    path(
        "webhook-deliveries/<uuid:delivery_id>/resend",
        deliveries.DeliveryResend.as_view(),
        name="webhook-delivery-resend",
    ),
]
