"""Errors as RFC 9457 problem details: the one place where an error becomes HTTP."""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.urls import NoReverseMatch, reverse
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from api import errors
from api.errors import JSON, CataloguedError, FieldProblem
from api.outages import is_outage
from api.request_ids import current_request_id
from api.transactions import is_contention

logger = logging.getLogger(__name__)

PROBLEM_JSON: Final = "application/problem+json"
_CSRF_PREFIX: Final = "CSRF Failed"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. What it does not know is left to Django: logged once, then `server_error`."""
    problem = as_catalogued(error)
    if problem is None:
        return None
    if problem.status >= 500:
        logger.warning("answering %s because of %s: %s", problem.code, type(error).__name__, error)
    request: Request = context["request"]
    response = Response(problem_body(problem, request), status=problem.status, headers=problem.headers)
    return as_problem(response, request)


def as_problem(response: Response, request: Request) -> Response:
    """Name the media type of a problem, unless the browsable API is going to show it."""
    renderer = getattr(request, "accepted_renderer", None)
    if renderer is None or renderer.format == "json":
        response.content_type = PROBLEM_JSON
    return response


def problem_body(error: CataloguedError, request: Request | HttpRequest) -> dict[str, JSON]:
    body: dict[str, JSON] = {
        "type": problem_type(error.code, request),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.path,
        "code": error.code,
        "request_id": current_request_id(),
        **error.members,
    }
    if error.errors:
        body["errors"] = [_rendered(problem) for problem in error.errors]
    return body


def _rendered(problem: FieldProblem) -> dict[str, JSON]:
    """A parameter or a header is named, so it has no pointer."""
    place: dict[str, JSON] = {} if {"parameter", "header"} & set(problem.extra) else {"pointer": problem.pointer}
    return {**place, **problem.extra, "code": problem.code, "detail": problem.detail}


def problem_type(code: str, request: Request | HttpRequest) -> str:
    """The absolute address of the error's page; relative for a request whose Host is refused."""
    try:
        path = reverse("errors:detail", args=[code])
    except NoReverseMatch:
        path = f"/errors/{code}"
    try:
        return request.build_absolute_uri(path)
    except SuspiciousOperation:
        return path


def as_catalogued(error: BaseException) -> CataloguedError | None:
    """The catalogued form of an error of ours, of DRF or of Django; None for one nobody foresaw."""
    if isinstance(error, CataloguedError):
        return error
    if isinstance(error, exceptions.APIException):
        return _of_rest_framework(error)
    if isinstance(error, OperationalError) and is_contention(error):
        return errors.Busy()
    if is_outage(error):
        return errors.Unavailable()
    return _of_django(error)


def _of_django(error: BaseException) -> CataloguedError | None:
    match error:
        case Http404():
            return errors.NotFound()
        case PermissionDenied():
            return errors.PermissionRefused()
        case RequestDataTooBig():
            return errors.PayloadTooLarge()
        case SuspiciousOperation() | BadRequest() | UnreadablePostError() | RawPostDataException():
            return errors.MalformedRequest()
    return None


def _of_rest_framework(error: exceptions.APIException) -> CataloguedError:
    match error:
        case exceptions.ValidationError():
            return errors.InvalidRequest(errors=list(field_problems(error.detail)))
        case exceptions.NotAuthenticated():
            return errors.AuthenticationRequired()
        case exceptions.PermissionDenied() if str(error.detail).startswith(_CSRF_PREFIX):
            return errors.CsrfFailed()
        case exceptions.Throttled():
            return errors.RateLimited(headers={"Retry-After": str(_whole_seconds(error))})
    for kind in _TELLING:
        if isinstance(error, kind):
            return _TELLING[kind](str(error.detail))
    return _BY_STATUS.get(error.status_code, errors.InternalError)()


def _whole_seconds(error: exceptions.Throttled) -> int:
    wait: float | None = getattr(error, "wait", None)
    return max(1, math.ceil(wait or 1))


# DRF's own words help here: they say where the JSON breaks or what is accepted instead.
_TELLING: Final[Mapping[type[exceptions.APIException], type[CataloguedError]]] = {
    exceptions.AuthenticationFailed: errors.InvalidToken,
    exceptions.ParseError: errors.MalformedRequest,
    exceptions.MethodNotAllowed: errors.MethodNotAllowed,
    exceptions.NotAcceptable: errors.NotAcceptable,
    exceptions.UnsupportedMediaType: errors.UnsupportedMediaType,
}
_BY_STATUS: Final[Mapping[int, type[CataloguedError]]] = {
    400: errors.InvalidRequest,
    401: errors.InvalidToken,
    403: errors.PermissionRefused,
    404: errors.NotFound,
    413: errors.PayloadTooLarge,
    503: errors.Busy,
}


def field_problems(detail: Any, pointer: str = "") -> Iterator[FieldProblem]:
    """DRF's nested error details as a flat list with JSON pointers (RFC 6901), in document order."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from field_problems(inner, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(name)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_message = isinstance(inner, str)
            yield from field_problems(inner, pointer if is_message else f"{pointer}/{index}")
    else:
        yield FieldProblem(pointer, getattr(detail, "code", None) or "invalid", str(detail))


def _escaped(token: object) -> str:
    return str(token).replace("~", "~0").replace("/", "~1")
