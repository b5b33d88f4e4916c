"""An integrator who listens: every event of the feed has to arrive at their endpoint, signed and in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from events.webhooks.receiving.inbox import Arrival, Counts, Inbox, Verdict
from events.webhooks.receiving.server import Receiver
from operations.simulation.client import Client, Refused, Unreachable
from operations.simulation.paging import everything

ENDPOINTS = "/api/v2/webhook-endpoints"
FEED = "/api/v2/events"
FEED_PAGE = 500

ARRIVES_WITHIN_SECONDS = 60.0
"""Longer than a delivery is held by a worker that was killed."""

LOOK_AGAIN_SECONDS = 0.2
RETIRES_WITHIN_SECONDS = 5.0
ABOUT_DELIVERING = ("webhook_endpoint.", "event_delivery.")
"""Events about endpoints concern one of them, and are not sent to all."""


class CannotListen(Exception):
    """The receiver has no place of its own."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Where the run listens, and under which address the site reaches it; None: the very place."""

    host: str = "127.0.0.1"
    port: int = 0
    url: str | None = None

    @property
    def description(self) -> str:
        """By this one finds what an earlier run did not come to retire."""
        return f"manage.py demo, at {self.url or 'its own machine'}"


@dataclass(frozen=True, slots=True)
class Heard:
    """`sent` events stand in the feed; `missing` of them did not come. Delays in seconds, by the two clocks."""

    sent: int
    counts: Counts
    missing: Sequence[str]
    refusals: Sequence[str] = ()
    delays: Sequence[float] = ()

    @property
    def problems(self) -> list[str]:
        problems = []
        if self.refusals:
            problems.append(f"webhooks: {self.counts.refused} were refused: {', '.join(sorted(set(self.refusals)))}")
        if self.counts.out_of_order:
            problems.append(f"webhooks: {self.counts.out_of_order} came out of order for their subject")
        if self.missing:
            some = ", ".join(self.missing[:5])
            problems.append(f"webhooks: {len(self.missing)} of {self.sent} events did not come, such as {some}")
        return problems


@dataclass(slots=True)
class Listener:
    """`client` is the integrator whose endpoint it is."""

    client: Client
    ear: Ear
    inbox: Inbox = field(default_factory=Inbox)
    arrived: dict[str, float] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    _feed: "Feed" = field(init=False)

    @contextlib.asynccontextmanager
    async def attached(self) -> AsyncIterator[None]:
        """The endpoint is there for as long as the block lasts."""
        await self._retire_leftovers()
        with self._receiver() as receiver:
            endpoint_id = await self._register(self.ear.url or receiver.url)
            try:
                self._feed = await Feed.from_now_on(self.client)
                yield
            finally:
                await self._retire(endpoint_id)

    async def look_back(self) -> Heard:
        """Wait for what is still on its way, and tell what came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ARRIVES_WITHIN_SECONDS):
                while await self._feed.read_on() or self._missing():
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        rows = self._feed.rows
        return Heard(
            sent=len(rows),
            counts=self.inbox.counts,
            missing=[f"{row['type']} {row['id']}" for row in self._missing()],
            refusals=self.refusals,
            delays=[
                self.arrived[row["id"]] - datetime.fromisoformat(row["occurred_at"]).timestamp()
                for row in rows
                if row["id"] in self.arrived
            ],
        )

    def _receiver(self) -> Receiver:
        try:
            return Receiver(self.inbox, host=self.ear.host, port=self.ear.port, on_arrival=self._note)
        except OSError as error:
            raise CannotListen(f"cannot listen on {self.ear.host}:{self.ear.port}: {error.strerror}") from error

    def _missing(self) -> list[Mapping[str, Any]]:
        return [row for row in self._feed.rows if row["id"] not in self.arrived]

    def _note(self, arrival: Arrival) -> None:
        """In the receiver's threads; each of the two takes one step that no other thread can come between."""
        if arrival.verdict is Verdict.REFUSED:
            self.refusals.append(arrival.code)
        else:
            self.arrived.setdefault(arrival.message_id, arrival.at)

    async def _register(self, url: str) -> str:
        body = {"url": url, "description": self.ear.description}
        made = (await self.client.post(ENDPOINTS, body)).body
        self.inbox.trust(made["secret"])
        return str(made["id"])

    async def _retire_leftovers(self) -> None:
        """A run that was killed left its endpoint behind, to which the site still sends."""
        left = [row["id"] async for row in everything(self.client, ENDPOINTS) if self._is_ours(row)]
        for endpoint_id in left:
            await self._retire(endpoint_id)

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        return bool(row["description"] == self.ear.description)

    async def _retire(self, endpoint_id: str) -> None:
        """A site that is gone is not waited for: the next run does it."""
        with contextlib.suppress(TimeoutError, Refused, Unreachable):
            async with asyncio.timeout(RETIRES_WITHIN_SECONDS):
                await self.client.delete(f"{ENDPOINTS}/{endpoint_id}")


@dataclass(slots=True)
class Feed:
    """What the site says it has published."""

    client: Client
    after: int
    rows: list[Mapping[str, Any]] = field(default_factory=list)

    @classmethod
    async def from_now_on(cls, client: Client) -> "Feed":
        return cls(client, (await client.get(FEED, {"limit": 1})).body["last"])

    async def read_on(self) -> bool:
        """Whether there was anything new."""
        page = (await self.client.get(FEED, {"after": self.after, "limit": FEED_PAGE})).body
        has_more = bool(page["after"] > self.after)
        self.after = page["after"]
        self.rows += [row for row in page["results"] if not row["type"].startswith(ABOUT_DELIVERING)]
        return has_more
