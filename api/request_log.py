"""One line per request: what was asked, how it ended, how long it took; nothing personal."""

import logging
import time
from collections.abc import Awaitable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from api.log_context import bound_log, log_scope
from api.request_ids import GetResponse

logger = logging.getLogger("api.requests")


class RequestLogMiddleware:
    """Second from outside, after `RequestIdMiddleware`."""

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
        started = time.perf_counter()
        with log_scope():
            response = self.get_response(request)
            log_request(request, response, started=started)  # type: ignore[arg-type]
        return response

    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        with log_scope():
            response: HttpResponse = await self.get_response(request)  # type: ignore[misc]
            log_request(request, response, started=started)
        return response


def log_request(request: HttpRequest, response: HttpResponse, *, started: float) -> None:
    """`started` is a `time.perf_counter()` reading."""
    duration_ms = round((time.perf_counter() - started) * 1000, 1)
    match = request.resolver_match
    facts = {
        "method": request.method,
        "route": match.route if match else "",
        "status": response.status_code,
        "duration_ms": duration_ms,
        "user": bound_log()["user"] or _session_user(request),
    }
    logger.info("%s /%s %s", facts["method"], facts["route"], facts["status"], extra=facts)


def _session_user(request: HttpRequest) -> str:
    """The user if somebody has looked at it already: asking `request.user` could cost a query."""
    user = getattr(request, "_cached_user", None)
    return str(user.pk) if user is not None and user.pk else ""
