"""Giving hints to the channel layer from any thread, without waiting for it and without ever failing because of it."""

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer, get_channel_layer
from redis.exceptions import RedisError

from tracking.live.hints import GROUP, Hint

logger = logging.getLogger(__name__)

# Where the layer is away or slow, what is beyond this is dropped: the pages look again by themselves.
MOST_UNDER_WAY: Final = 1000
QUIET_SECONDS: Final = 10.0


@dataclass
class Sender:
    """Sends on an event loop in a thread of its own, which begins with the first hint.

    The layer in memory is different: it wakes only those who wait on the loop that sends. So there hints go to the
    loop of the process's sockets, and to nobody as long as it has none.
    """

    _listening: asyncio.AbstractEventLoop | None = None
    _own: asyncio.AbstractEventLoop | None = None
    _under_way: int = 0
    _quiet_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, hint: Hint) -> None:
        loop = self._loop()
        if loop is None or loop.is_closed():
            return
        if not self._may_begin():
            self._warn(f"{MOST_UNDER_WAY} hints are under way")
            return
        asyncio.run_coroutine_threadsafe(self._send(hint.as_message()), loop)

    def listen_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._listening = loop

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        if isinstance(get_channel_layer(), InMemoryChannelLayer):
            return self._listening
        with self._lock:
            if self._own is None:
                self._own = asyncio.new_event_loop()
                threading.Thread(target=self._own.run_forever, name="hints", daemon=True).start()
            return self._own

    def _may_begin(self) -> bool:
        with self._lock:
            if self._under_way >= MOST_UNDER_WAY:
                return False
            self._under_way += 1
            return True

    async def _send(self, message: dict[str, Any]) -> None:
        layer = get_channel_layer()
        try:
            await layer.group_send(GROUP, message)
        except (RedisError, OSError, ChannelFull) as error:
            self._warn(str(error))
        finally:
            with self._lock:
                self._under_way -= 1

    def _warn(self, reason: str) -> None:
        """Not for each hint: where the layer is away there are many."""
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            logger.warning("live pages are not told at once: %s", reason)


sender: Final = Sender()
