from events.admin.deliveries import EventDeliveryAdmin
from events.admin.endpoints import WebhookEndpointAdmin
from events.admin.looks import state_badge, subject_url
from events.admin.outbox import EventAdmin

__all__ = ["EventAdmin", "EventDeliveryAdmin", "WebhookEndpointAdmin", "state_badge", "subject_url"]
