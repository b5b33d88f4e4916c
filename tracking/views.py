"""The page behind the customer's link: no login, nothing that others could find or keep, useful without JavaScript."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from api.problems import PROBLEM_JSON, problem_body
from orders.errors import OrderNotFound
from tracking.page import tracking_page
from tracking.public import public_delivery
from tracking.selectors import delivery_by_token

# The address is the key to the page, so it goes into no Referer, no cache and no search engine.
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponse:
    try:
        page = tracking_page(delivery_by_token(token))
    except OrderNotFound:
        return _unshared(render(request, "tracking/unknown.html", status=OrderNotFound.status))
    return _unshared(render(request, "tracking/page.html", {"page": page}))


@require_safe
def track_data(request: HttpRequest, token: str) -> HttpResponse:
    try:
        data = public_delivery(delivery_by_token(token))
    except OrderNotFound:
        return _unshared(
            JsonResponse(problem_body(OrderNotFound(), request), status=OrderNotFound.status, content_type=PROBLEM_JSON)
        )
    return _unshared(JsonResponse(data))


def _unshared(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response[name] = value
    return response
