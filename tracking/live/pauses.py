"""How long the interpreter stands still to look for garbage: all sockets of the process wait meanwhile."""

import gc
from typing import Final

# How many new objects are left over before those are looked at, and how often before older ones are, too. With Python's
# own numbers a process whose thousands of sockets wait, send and wait again takes what is only on its way for old, and
# looks at everything every ten to thirty seconds: for a second where five thousand are open.
THRESHOLDS: Final = (5_000, 5, 10)


def keep_pauses_short() -> None:
    """What has been loaded by now stays to the end, and is not looked at any more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
