"""One request id and one trace id for everything that happens because of one request."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from api.identifiers import uuid7

ID_MAX_LENGTH: Final = 64
_WELL_FORMED: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{ID_MAX_LENGTH}}}")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_trace_id: ContextVar[str] = ContextVar("trace_id", default="")

GetResponse = Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]


def current_request_id() -> str:
    """The id of the request, command or task being worked on; empty outside of one."""
    return _request_id.get()


def current_trace_id() -> str:
    return _trace_id.get()


@contextmanager
def request_context(*, request_id: str | None = None, trace_id: str | None = None) -> Iterator[None]:
    """Work under these ids, as a worker does for the request that caused its task; missing ones are made."""
    request_token = _request_id.set(request_id or new_request_id())
    trace_token = _trace_id.set(trace_id or new_trace_id())
    try:
        yield
    finally:
        _trace_id.reset(trace_token)
        _request_id.reset(request_token)


def new_request_id() -> str:
    return str(uuid7())


def new_trace_id() -> str:
    """32 hexadecimal digits, as W3C Trace Context wants them."""
    return uuid7().hex


def incoming_request_id(meta: Mapping[str, str]) -> str | None:
    return _well_formed(meta.get("HTTP_X_REQUEST_ID"))


def incoming_trace_id(meta: Mapping[str, str]) -> str | None:
    """`X-Trace-ID` if it is well formed, else the trace of a W3C `traceparent`."""
    traceparent = _TRACEPARENT.fullmatch(meta.get("HTTP_TRACEPARENT", ""))
    return _well_formed(meta.get("HTTP_X_TRACE_ID")) or (traceparent.group(1) if traceparent else None)


def _well_formed(value: str | None) -> str | None:
    return value if value and _WELL_FORMED.fullmatch(value) else None


class RequestIdMiddleware:
    """The outermost middleware: takes over well-formed ids, makes missing ones, and echoes both."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._answer_async(request)
        with _context_of(request):
            return _echo(self.get_response(request))  # type: ignore[arg-type]

    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        with _context_of(request):
            return _echo(await self.get_response(request))  # type: ignore[misc]


def _context_of(request: HttpRequest) -> AbstractContextManager[None]:
    return request_context(request_id=incoming_request_id(request.META), trace_id=incoming_trace_id(request.META))


def _echo(response: HttpResponse) -> HttpResponse:
    response.headers["X-Request-ID"] = current_request_id()
    response.headers["X-Trace-ID"] = current_trace_id()
    return response
