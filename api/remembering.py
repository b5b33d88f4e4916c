"""Answers that are dear to make and may be some seconds old, kept in the cache for all processes."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

from django.core.cache import cache
from redis.exceptions import RedisError

T = TypeVar("T")

logger = logging.getLogger(__name__)

_kept_here: Final[dict[str, tuple[float, Any]]] = {}


def remembered(key: str, *, seconds: float, make: Callable[[], T]) -> T:
    """What `make` answered not longer than `seconds` ago. While the cache is away, each process keeps its own."""
    try:
        known: T | None = cache.get(key)
    except RedisError as error:
        logger.warning("the cache is away: %s", error)
        return _remembered_here(key, seconds=seconds, make=make)
    if known is None:
        known = make()
        with suppress(RedisError):
            cache.set(key, known, seconds)
    return known


def _remembered_here(key: str, *, seconds: float, make: Callable[[], T]) -> T:
    made_at, known = _kept_here.get(key, (float("-inf"), None))
    if time.monotonic() - made_at < seconds:
        return cast(T, known)
    made = make()
    _kept_here[key] = (time.monotonic(), made)
    return made
