"""The request that an event becomes (docs/webhooks.md)."""

import json
import re
import time
from datetime import datetime
from typing import Final

from events.envelopes import Envelope
from events.models import Event, EventDelivery, WebhookEndpoint
from events.webhooks.posting import Request
from events.webhooks.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

USER_AGENT: Final = "delivery-platform-webhooks/1"
_HEADER_VALUE: Final = re.compile("[!-~]{1,128}")


def body_of(event: Event) -> bytes:
    """The same bytes at every attempt, and all of them ASCII."""
    return json.dumps(Envelope.of(event).as_json(), separators=(",", ":")).encode()


def request_for(delivery: EventDelivery, *, endpoint: WebhookEndpoint, now: datetime) -> Request:
    """Signed anew for every attempt: an old timestamp would be refused as a replay."""
    event = delivery.event
    body = body_of(event)
    message_id, timestamp = str(event.event_id), int(time.time())
    traces = {"x-request-id": event.request_id, "x-trace-id": event.correlation_id}
    return Request(
        url=endpoint.url,
        body=body,
        headers={
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            ID_HEADER: message_id,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(
                body, message_id=message_id, timestamp=timestamp, secrets=secrets_of(endpoint, now=now)
            ),
            **{name: value for name, value in traces.items() if _HEADER_VALUE.fullmatch(value)},
        },
    )


def secrets_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """The current one first, and for a while after a rotation the one before it."""
    expires_at = endpoint.previous_secret_expires_at
    if endpoint.previous_secret and expires_at is not None and expires_at > now:
        return [endpoint.secret, endpoint.previous_secret]
    return [endpoint.secret]
