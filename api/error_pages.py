"""Errors outside of DRF's views: problem details for programs, a page for people."""

import sys
from collections.abc import Mapping
from typing import Final

from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from api import errors
from api.errors import JSON, CataloguedError
from api.problems import PROBLEM_JSON, as_catalogued, problem_body

API_PREFIX: Final = "/api/"
JSON_TYPE: Final = "application/json"
HTML_TYPE: Final = "text/html"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, as_catalogued(exception) or errors.MalformedRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, as_catalogued(exception) or errors.PermissionRefused())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, as_catalogued(exception) or errors.NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception, and logs it under the request id that the answer names."""
    exception = sys.exc_info()[1]
    known = as_catalogued(exception) if isinstance(exception, DatabaseFault) else None
    return _answer(request, known or errors.InternalError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, errors.CsrfFailed())


def wants_html(request: HttpRequest) -> bool:
    """Browsers say so; a client without preference gets what suits the address."""
    offered = [JSON_TYPE, HTML_TYPE] if request.path.startswith(API_PREFIX) else [HTML_TYPE, JSON_TYPE]
    return (request.get_preferred_type(offered) or offered[0]) == HTML_TYPE


def _answer(request: HttpRequest, error: CataloguedError) -> HttpResponse:
    body = problem_body(error, request)
    response = _page(request, body) if wants_html(request) else JsonResponse(body, content_type=PROBLEM_JSON)
    response.status_code = error.status
    for name, value in {"Cache-Control": "private, no-store", **error.headers}.items():
        response[name] = value
    return response


def _page(request: HttpRequest, problem: Mapping[str, JSON]) -> HttpResponse:
    """Without context processors: the page must work where the session or the database does not."""
    return HttpResponse(render_to_string("errors/problem.html", {"problem": problem}))
