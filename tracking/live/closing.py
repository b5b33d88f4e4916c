"""Why a socket is closed, in the codes that docs/tracking.md explains."""

from enum import IntEnum


class CloseCode(IntEnum):
    OVER = 1000
    FAILED = 1011
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    NOT_FOUND = 4404
