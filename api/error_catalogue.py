"""The public pages of the error codes: cause, what to do, may I retry."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from api.error_pages import wants_html
from api.errors import JSON, CataloguedError, catalogue
from api.problems import problem_type


@require_safe
@cache_control(public=True, max_age=300)
@vary_on_headers("Accept")
def error_list(request: HttpRequest) -> HttpResponse:
    entries = [entry(error, request) for error in catalogue().values()]
    if not wants_html(request):
        return JsonResponse({"results": entries})
    return render(request, "api/error_list.html", {"entries": entries})


@require_safe
@cache_control(public=True, max_age=300)
@vary_on_headers("Accept")
def error_detail(request: HttpRequest, code: str) -> HttpResponse:
    error = catalogue().get(code)
    if error is None:
        raise Http404
    shown = entry(error, request)
    return render(request, "api/error_detail.html", {"entry": shown}) if wants_html(request) else JsonResponse(shown)


def entry(error: type[CataloguedError], request: HttpRequest) -> Mapping[str, JSON]:
    return {
        "type": problem_type(error.code, request),
        "code": error.code,
        "status": error.status,
        "title": error.title,
        "cause": error.cause,
        "remedy": error.remedy,
        "retryable": error.retryable,
    }
