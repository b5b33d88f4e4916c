"""Keeping still for a while after a failure, where each attempt may cost a request its timeout."""

import time
from typing import Final

SILENT_SECONDS: Final = 5.0


class Silence:
    def __init__(self) -> None:
        self.end()

    @property
    def is_kept(self) -> bool:
        return time.monotonic() < self._until

    def begin(self) -> None:
        self._until = time.monotonic() + SILENT_SECONDS

    def end(self) -> None:
        self._until = float("-inf")
