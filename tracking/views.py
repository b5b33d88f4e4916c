"""The page behind the customer's link: no login, no JavaScript, nothing that others could find or keep."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders.errors import OrderNotFound
from tracking.page import tracking_page
from tracking.selectors import delivery_by_token

# The address is the key to the page, so it goes into no Referer, no cache and no search engine.
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
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
        response = render(request, "tracking/unknown.html", status=404)
    else:
        response = render(request, "tracking/page.html", {"page": page})
    for name, value in _HEADERS.items():
        response[name] = value
    return response
