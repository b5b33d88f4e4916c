"""A site that lives no longer than whoever started it, however that one ends."""

import os
import signal
import threading
from typing import Final

STDIN: Final = 0


def stop_with_starter() -> None:
    """The starter holds the other end of standard input; when it is closed, even by a kill, the site stops in order."""
    threading.Thread(target=_stop_at_end_of_input, name="starter", daemon=True).start()


def _stop_at_end_of_input() -> None:
    """From the descriptor itself: a daemon thread inside `sys.stdin` would hold its lock at the interpreter's end."""
    while os.read(STDIN, 1024):
        pass
    signal.raise_signal(signal.SIGTERM)
