"""Giving hints to all processes with sockets, from any thread, without ever failing because of it."""

import json
import logging
from typing import Final

from redis.exceptions import RedisError

from api.silence import Silence
from tracking.live.hints import Hint
from tracking.live.wires import wire_in_use

logger = logging.getLogger(__name__)


class Sender:
    """Keeps silent over a wire that has failed: the pages look again by themselves."""

    def __init__(self) -> None:
        self._silence = Silence()

    def send(self, hint: Hint) -> None:
        if self._silence.is_kept:
            return
        try:
            wire_in_use().send(json.dumps(hint.as_message()))
        except (RedisError, OSError) as error:
            self._silence.begin()
            logger.warning("live pages are not told at once: %s", error)


sender: Final = Sender()
