"""Endpoints and their deliveries, cut down to what an account may see: its own, and an administrator all."""

from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.roles import Role
from api.creation import created_within
from events.errors import WebhookDeliveryNotFound, WebhookEndpointNotFound
from events.models import EventDelivery, EventDeliveryQuerySet, WebhookEndpoint, WebhookEndpointQuerySet


def endpoints_for(user: User) -> WebhookEndpointQuerySet:
    kept = WebhookEndpoint.objects.kept()
    return kept if user.role == Role.ADMIN else kept.filter(owner=user)


def endpoint_for(user: User, endpoint_id: UUID) -> WebhookEndpoint:
    """Raises WebhookEndpointNotFound."""
    endpoint = endpoints_for(user).filter(id=endpoint_id).first()
    if endpoint is None:
        raise WebhookEndpointNotFound
    return endpoint


def deliveries_of(endpoint: WebhookEndpoint, filters: dict[str, Any]) -> EventDeliveryQuerySet:
    found = EventDelivery.objects.filter(created_within(filters), endpoint=endpoint)
    if "state" in filters:
        found = found.filter(state__in=filters["state"])
    if "event_type" in filters:
        found = found.filter(event__type__in=filters["event_type"])
    return found.select_related("event").prefetch_related("log")


def delivery_for(user: User, delivery_id: UUID) -> EventDelivery:
    """Raises WebhookDeliveryNotFound."""
    reachable = EventDelivery.objects.filter(endpoint__in=endpoints_for(user)).select_related("event")
    delivery = reachable.prefetch_related("log").filter(id=delivery_id).first()
    if delivery is None:
        raise WebhookDeliveryNotFound
    return delivery
