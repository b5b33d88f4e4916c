"""Python stands still while it looks for garbage, and looks at everything from time to time: at five thousand open
sockets for a second. So what lasts is put aside; it is freed as ever as soon as nobody refers to it."""

import gc
import time
from dataclasses import dataclass
from typing import Final

ALL_EVERY_SECONDS: Final = 3600.0


@dataclass(slots=True)
class _Last:
    """When this process has last looked through all."""

    at: float = float("-inf")


_last: Final = _Last()


def tidy() -> None:
    """To be called every second by who wants no long pauses: there is one an hour, if at all."""
    if time.monotonic() < _last.at + ALL_EVERY_SECONDS:
        put_aside()
    else:
        look_through_all()


def put_aside() -> None:
    """Whatever has lasted until now, but for what is young and only refers to itself."""
    gc.collect(1)
    gc.freeze()


def look_through_all() -> None:
    """Also at what was put aside and refers only to itself by now."""
    _last.at = time.monotonic()
    gc.unfreeze()
    gc.collect()
    gc.freeze()
