"""Why a socket is closed, in the codes that docs/tracking.md explains."""

from enum import IntEnum


class CloseCode(IntEnum):
    OVER = 1000
    FAILED = 1011
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    NOT_SIGNED_IN = 4401
    NOT_ALLOWED = 4403
    NOT_FOUND = 4404


class SocketClosed(Exception):
    """Ends the socket with this code."""

    def __init__(self, code: CloseCode) -> None:
        self.code = code
        super().__init__(code.name)
