"""Waiting for what other processes do: for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE_SECONDS: Final = 120.0
LOOK_EVERY_SECONDS: Final = 0.05


def until(condition: Callable[[], bool], *, within_seconds: float = PATIENCE_SECONDS) -> None:
    """Raises TimeoutError. The default is for a slow machine on a bad day, not for what is expected."""
    deadline = time.monotonic() + within_seconds
    clock = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the condition did not come true in {within_seconds:.0f} s")
        clock.wait(LOOK_EVERY_SECONDS)
