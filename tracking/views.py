"""The pages behind the customer's link: no login, nothing that others could find or keep, useful without JavaScript."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from api.errors import CataloguedError
from api.problems import PROBLEM_JSON, problem_body
from catalog.map_tiles import img_sources, map_tiles
from orders.errors import OrderNotFound
from tracking.cancelling import cancel_by_token
from tracking.languages import spoken_in
from tracking.page import tracking_page
from tracking.public import public_delivery
from tracking.selectors import delivery_by_token

# The address is the key to the page, so it goes into no Referer, no cache and no search engine.
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src {images}; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponse:
    return _spoken(request, token, template="tracking/page.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def track_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first: mail programs and previews follow links, but they send no forms.

    Exempt from CSRF protection: no cookie lets anybody in here, and who can name the address has its key.
    """
    if request.method != "POST":
        return _spoken(request, token, template="tracking/cancel.html")
    try:
        cancel_by_token(token)
    except CataloguedError as refusal:
        return _spoken(request, token, template="tracking/cancel.html", status=refusal.status)
    response = redirect("track", token=token)
    response.status_code = 303
    response["Location"] += spoken_in(request).query
    return _unshared(response)


@require_safe
def track_data(request: HttpRequest, token: str) -> HttpResponse:
    try:
        data = public_delivery(delivery_by_token(token))
    except OrderNotFound:
        return _unshared(
            JsonResponse(problem_body(OrderNotFound(), request), status=OrderNotFound.status, content_type=PROBLEM_JSON)
        )
    return _unshared(JsonResponse(data))


def _spoken(request: HttpRequest, token: str, *, template: str, status: int = 200) -> HttpResponse:
    """The page of an order, or of a link that is not known, in the visitor's language."""
    language = spoken_in(request)
    with translation.override(language.code):
        try:
            page = tracking_page(delivery_by_token(token))
        except OrderNotFound:
            response = render(request, "tracking/unknown.html", {"language": language}, status=OrderNotFound.status)
        else:
            context = {"page": page, "language": language, "tiles": map_tiles()}
            response = render(request, template, context, status=status)
    response["Content-Language"] = language.code
    return _unshared(response)


def _unshared(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response[name] = value
    response["Content-Security-Policy"] = _POLICY.format(images=img_sources())
    return response
