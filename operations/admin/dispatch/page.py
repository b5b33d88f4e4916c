"""The dispatch console: a page of its own beside Unfold's, whose base needs `unsafe-eval` and inline styles."""

from typing import Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.admin_base.scoped import holds_scope
from catalog.map_tiles import img_sources, map_tiles

READ: Final = "orders:read"

# A form goes nowhere: everything is sent by the page's own script.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src {images}; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@admin.site.admin_view
@require_safe
def dispatch_page(request: HttpRequest) -> HttpResponse:
    if not holds_scope(request, READ):
        raise PermissionDenied
    tiles = map_tiles()
    context = {
        "map_tiles": tiles.url if tiles else "",
        "map_attribution": tiles.attribution if tiles else "",
        "may_dispatch": holds_scope(request, "dispatch"),
    }
    response = render(request, "admin/dispatch.html", context)
    response["Content-Security-Policy"] = _POLICY.format(images=img_sources())
    response["Referrer-Policy"] = "same-origin"
    return response
