"""What all our sockets have in common: they talk and do not listen, and each end has its code."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from orders.errors import OrderNotFound
from tracking.live.closing import CloseCode, SocketClosed

logger = logging.getLogger(__name__)

LONGEST_SEQUENCE: Final = 18
"""Digits that are always a number the database knows."""


class TalkingConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # a package without types
    """Talks in a task of its own. Every end has its code, and none leaves the task behind."""

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
        await self.send(text_data=as_text(kind, **content))

    async def _talk_until_the_end(self) -> None:
        with suppress(OSError):  # the reader has gone while we spoke
            await self.close(code=await self._outcome())

    async def _outcome(self) -> CloseCode:
        try:
            return await self.talk()
        except SocketClosed as closed:
            return closed.code
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


def as_text(kind: str, **content: Any) -> str:
    return json.dumps({"kind": kind, **content}, separators=(",", ":"))


def parameter_of(query_string: bytes, name: str) -> str | None:
    values = parse_qs(query_string.decode("latin-1"), keep_blank_values=True).get(name)
    return None if values is None else values[-1]


def after_of(query_string: bytes) -> int | None:
    """The sequence from which on the reader wants to be told. Raises SocketClosed."""
    text = parameter_of(query_string, "after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SEQUENCE):
        raise SocketClosed(CloseCode.BAD_REQUEST)
    return int(text)
