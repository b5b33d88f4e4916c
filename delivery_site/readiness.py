"""What a process does before it answers people, or takes tasks."""

import gc
from importlib import import_module
from typing import Final

from django.conf import settings

from tracking.live.garbage import look_through_all

# How many new objects are left over before those are looked at, and how often before older ones are, too. With Python's
# own numbers a process whose thousands of sockets wait, send and wait again takes what is only on its way for old, and
# looks at everything every ten to thirty seconds: for a second where five thousand are open. An answer of a megabyte
# takes twice as long to make, because its parts are counted as new objects.
THRESHOLDS: Final = (5_000, 5, 10)


def get_ready() -> None:
    """All views are loaded, too."""
    import_module(settings.ROOT_URLCONF)
    keep_pauses_short()


def keep_pauses_short() -> None:
    """What has been loaded by now stays to the end: it is not looked through for garbage any more while others wait."""
    look_through_all()
    gc.set_threshold(*THRESHOLDS)
