"""Python stands still while it looks for garbage, and looks at everything from time to time: at five thousand open
sockets for a second. So what lasts is put aside; it is freed as ever as soon as nobody refers to it."""

import gc


def put_aside() -> None:
    """Whatever has lasted until now, but for what is young and only refers to itself."""
    gc.collect(1)
    gc.freeze()


def look_through_all() -> None:
    """Also at what was put aside and refers only to itself by now."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
