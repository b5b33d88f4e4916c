"""The site in memory, telling an endpoint of what happens: rightly, or with faults at will."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from events.webhooks.signing import new_secret, sign
from operations.tests.site_in_memory import Row, SiteInMemory

Telling = Callable[[list[Row]], list[Row]]
"""What is sent of what has happened since, in which order and how often."""


class TellingSite(SiteInMemory):
    """Sends at once, within the call that makes the event. `telling` is where it may go wrong."""

    def __init__(self, *, telling: Telling = list, signs_right: bool = True, **options: Any) -> None:
        self.events: list[Row] = []
        self.endpoints: dict[str, Row] = {}
        self.retired: list[str] = []
        self._telling = telling
        self._signs_right = signs_right
        self._secret = new_secret()
        super().__init__(**options)

    def publish(self, subject_id: str, version: int, *, kind: str = "order.paid") -> None:
        event = {
            "id": str(uuid.uuid4()),
            "type": kind,
            "occurred_at": "2026-01-01T00:00:00Z",
            "sequence": len(self.events) + 1,
            "subject": {"type": "order", "id": subject_id, "version": version},
        }
        self.events.append(event)

    def tell(self) -> None:
        """Whatever has been published, to every endpoint."""
        for endpoint in self.endpoints.values():
            for event in self._telling(self.events[endpoint["heard"] :]):
                self._send(event, endpoint["url"])
            endpoint["heard"] = len(self.events)

    def _send(self, event: Row, url: str) -> None:
        body, now = json.dumps(event).encode(), int(time.time())
        secret = self._secret if self._signs_right else new_secret()
        signature = sign(body, message_id=event["id"], timestamp=now, secrets=[secret])
        headers = {"webhook-id": event["id"], "webhook-timestamp": str(now), "webhook-signature": signature}
        httpx.post(url, content=body, headers=headers, timeout=10)

    def _move(self, order: Row, status: str, **options: Any) -> None:
        super()._move(order, status, **options)
        self.publish(order["id"], order["version"], kind=f"order.{status}")
        self.tell()

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            *super()._routes(),
            ("GET", "/api/v2/webhook-endpoints", lambda **_: self._page(list(self.endpoints.values()))),
            ("POST", "/api/v2/webhook-endpoints", lambda body, **_: self._register(body)),
            ("DELETE", "/api/v2/webhook-endpoints/(.+)", lambda id_, **_: self._retire(id_)),
            ("GET", "/api/v2/events", lambda query, **_: self._feed(int(query.get("after", 0)), int(query["limit"]))),
        ]

    def _register(self, body: Row) -> Row:
        endpoint = {"id": str(uuid.uuid4()), "heard": len(self.events), **body}
        self.endpoints[endpoint["id"]] = endpoint
        return {**endpoint, "secret": self._secret}

    def _retire(self, endpoint_id: str) -> Row:
        del self.endpoints[endpoint_id]
        self.retired.append(endpoint_id)
        return {}

    def _feed(self, after: int, limit: int) -> Row:
        rows = self.events[after : after + limit]
        return {"results": rows, "next": None, "previous": None, "after": after + len(rows), "last": len(self.events)}

    def _page(self, rows: list[Row]) -> Row:
        return {"results": rows, "next": None, "previous": None}
