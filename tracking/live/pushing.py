"""Giving hints to all processes with sockets, from any thread, without ever failing because of it."""

import json
import logging
import time
from typing import Final

from redis.exceptions import RedisError

from tracking.live.hints import Hint
from tracking.live.wires import wire_in_use

logger = logging.getLogger(__name__)

SILENT_SECONDS: Final = 5.0
"""How long nothing is told over a wire that has failed: each attempt may cost a request its timeout, and the pages
look again by themselves."""


class Sender:
    def __init__(self) -> None:
        self._silent_until = 0.0

    def send(self, hint: Hint) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            wire_in_use().send(json.dumps(hint.as_message()))
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            logger.warning("live pages are not told at once: %s", error)


sender: Final = Sender()
