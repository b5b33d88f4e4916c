from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """A time-ordered key (RFC 9562): lists page by it, and it rises within one process."""
    return compat.uuid7()
