"""What every log line says about its circumstances, besides the request id."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

NOTHING: Final[Mapping[str, str]] = MappingProxyType({"user": "", "order": ""})
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound_log", default=NOTHING)


def bind_log(*, order: object = None, user: object = None) -> None:
    """Name the order and the user (by id, never by name or address) in the log lines that follow."""
    given = {"user": user, "order": order}
    _bound.set({**_bound.get(), **{name: str(value) for name, value in given.items() if value is not None}})


def bound_log() -> Mapping[str, str]:
    return _bound.get()


@contextmanager
def log_scope() -> Iterator[None]:
    """Bindings made inside end here: one request, one task."""
    token = _bound.set(NOTHING)
    try:
        yield
    finally:
        _bound.reset(token)
