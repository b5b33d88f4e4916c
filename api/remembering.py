"""Answers that are dear to make and may be some seconds old, kept in the cache for all processes."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

from django.core.cache import cache
from redis.exceptions import RedisError

from api.waking import wake

T = TypeVar("T")

logger = logging.getLogger(__name__)

_kept_here: Final[dict[str, tuple[float, Any]]] = {}


def remembered(key: str, *, seconds: float, make: Callable[[], T], renewed_by: str = "") -> T:
    """What `make` began to answer not longer than `seconds` ago. While the cache is away, each process keeps its own.

    `renewed_by` names a task that calls `remember` with the same. It is woken when about half of the time is over, so
    that nobody waits for a new answer as long as somebody asks and a worker is there.
    """
    try:
        known: T | None = cache.get(key)
        is_to_be_renewed = bool(renewed_by) and known is not None and cache.add(_young(key), True, seconds / 2)
    except RedisError as error:
        logger.warning("the cache is away: %s", error)
        return _remembered_here(key, seconds=seconds, make=make)
    if known is None:
        return remember(key, seconds=seconds, make=make)
    if is_to_be_renewed:
        wake(renewed_by)
    return known


def remember(key: str, *, seconds: float, make: Callable[[], T]) -> T:
    """A new answer, for all processes; for the less time, the longer it took: it may be as old as its beginning."""
    began = time.monotonic()
    made = make()
    left = max(0.0, seconds - (time.monotonic() - began))
    with suppress(RedisError):
        cache.set(key, made, left)
        cache.set(_young(key), True, left / 2)
    return made


def _young(key: str) -> str:
    """The mark of an answer that need not be renewed yet, or is being renewed."""
    return f"{key}:young"


def _remembered_here(key: str, *, seconds: float, make: Callable[[], T]) -> T:
    began_at, known = _kept_here.get(key, (float("-inf"), None))
    now = time.monotonic()
    if now - began_at < seconds:
        return cast(T, known)
    made = make()
    _kept_here[key] = (now, made)
    return made
