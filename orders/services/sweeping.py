"""Going through the orders that are due for something."""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

logger = logging.getLogger(__name__)


def sweep(order_ids: Iterable[UUID], *, work: Callable[[UUID], bool]) -> int:
    """How many orders `work` has changed, each in a transaction of its own.

    The oldest come first in every sweep, so one that fails is logged and left, whatever is wrong with it: it must not
    keep those behind it waiting for ever.
    """
    return sum(_try(work, order_id) for order_id in order_ids)


def _try(work: Callable[[UUID], bool], order_id: UUID) -> bool:
    try:
        return work(order_id)
    except Exception:
        logger.exception("order %s is left for the next sweep", order_id)
        return False
