"""The socket behind the customer's link: a picture of the delivery, then what changes in it."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from couriers.moving import Move
from orders.errors import OrderNotFound
from tracking.live.closing import CloseCode
from tracking.live.following import Follower
from tracking.live.hub import following
from tracking.live.reading import can_replay, in_thread, news_by_token
from tracking.public import public_eta, public_event, public_position
from tracking.selectors import Delivery, order_id_by_token

logger = logging.getLogger(__name__)

PING_SECONDS: Final = 25.0
LONGEST_SEQUENCE: Final = 18
"""Digits that are always a number the database knows."""


class BadAfter(ValueError):
    """`after` is no sequence."""


class TalkingConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # a package without types
    """Talks in a task of its own and does not listen. Every end has its code, and none leaves the task behind."""

    # The hub hears for all sockets of the process: one that needs no layer opens while that is away.
    channel_layer_alias: ClassVar = "none"
    _talk: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._talk is not None:
                self._talk.cancel()
                with suppress(asyncio.CancelledError):
                    await self._talk

    async def connect(self) -> None:
        """Accepted before it is looked at: a browser does not learn why it was refused, only why it was closed."""
        await self.accept()
        self._talk = asyncio.create_task(self._talk_until_the_end())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is asked of us here."""

    async def talk(self) -> CloseCode:
        raise NotImplementedError

    async def say(self, kind: str, **content: Any) -> None:
        await self.send(text_data=json.dumps({"kind": kind, **content}, separators=(",", ":")))

    async def _talk_until_the_end(self) -> None:
        with suppress(OSError):  # the reader has gone while we spoke
            await self.close(code=await self._outcome())

    async def _outcome(self) -> CloseCode:
        try:
            return await self.talk()
        except BadAfter:
            return CloseCode.BAD_REQUEST
        except OrderNotFound:
            return CloseCode.NOT_FOUND
        except DatabaseError as error:
            logger.warning("a socket is closed because the database is away: %s", error)
            return CloseCode.TRY_AGAIN
        except OSError:
            raise
        except Exception:
            logger.exception("a socket failed")
            return CloseCode.FAILED


class DeliveryConsumer(TalkingConsumer):
    """Follows one order by the token of its link, until it is over."""

    _delivery: Delivery
    _sequence: int
    _seen_at: datetime | None

    async def talk(self) -> CloseCode:
        self._token: str = self.scope["url_route"]["kwargs"]["token"]
        after = after_of(self.scope["query_string"])
        order_id = await in_thread(order_id_by_token, self._token)
        async with following(order_id) as follower:
            await self._open(follower, after=after)
            while not self._delivery.is_over:
                await self._go_on(follower)
        return CloseCode.OVER

    async def _open(self, follower: Follower, *, after: int | None) -> None:
        if after is not None and not await in_thread(can_replay, self._token, after=after):
            await self.say("reset")
            after = None
        await self._tell_news(follower, after=after)

    async def _go_on(self, follower: Follower) -> None:
        """First what the order has come to: it says whether the courier's position may still be told."""
        heard = await follower.next(within_seconds=PING_SECONDS)
        if heard.has_changed:
            await self._tell_news(follower, after=self._sequence)
        if heard.move:
            await self._tell_move(heard.move)
        if not heard.has_changed and not heard.move:
            await self.say("ping")

    async def _tell_news(self, follower: Follower, *, after: int | None) -> None:
        """The events that are new to the reader, each with the whole picture; without any, the picture alone."""
        news = await in_thread(news_by_token, self._token, after=after)
        self._delivery = news.delivery
        self._seen_at = news.delivery.courier.position_recorded_at if news.delivery.courier else None
        for event in news.events:
            await self.say("event", sequence=event.sequence, event=public_event(event), data=news.data)
        if not news.events:
            await self.say("snapshot", sequence=news.delivery.sequence, data=news.data)
        self._sequence = news.events[-1].sequence if news.events else news.delivery.sequence
        follower.knows(version=news.delivery.order.version, sequence=self._sequence)

    async def _tell_move(self, move: Move) -> None:
        """Not one of somebody else's courier, nor one that is older than what the reader has."""
        courier = self._delivery.courier
        if courier is None or courier.id != move.courier_id or self._delivery.eta_seconds is None:
            return
        if self._seen_at is not None and move.recorded_at < self._seen_at:
            return
        self._seen_at = move.recorded_at
        self._delivery = self._delivery.after_move(move)
        position = public_position(self._delivery, move)
        if position is None:
            await self.say("eta", **public_eta(self._delivery))
        else:
            await self.say("position", **public_eta(self._delivery), position=position)


class UnknownAddressConsumer(TalkingConsumer):
    async def talk(self) -> CloseCode:
        return CloseCode.NOT_FOUND


def after_of(query_string: bytes) -> int | None:
    """The sequence from which on the reader wants to be told. Raises BadAfter."""
    values = parse_qs(query_string.decode("latin-1"), keep_blank_values=True).get("after")
    if values is None:
        return None
    text = values[-1]
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SEQUENCE):
        raise BadAfter(text[:40])
    return int(text)
