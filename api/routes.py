"""What the site answers to: its routes and the handlers behind them."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def api_views() -> set[type[Any]]:
    """Every `ApiView` class that has an address."""
    from api.views import ApiView

    views = (getattr(pattern.callback, "view_class", None) for _, pattern in url_patterns())
    return {view for view in views if view is not None and issubclass(view, ApiView)}


def url_patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of the site with its whole route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from url_patterns(pattern, route)
        else:
            yield route, pattern


def handlers_of(view: type[Any]) -> dict[str, Any]:
    """The handlers by their method in capitals, but for HEAD and OPTIONS, which follow from the others."""
    names = set(view.http_method_names) - {"head", "options", "trace"}
    return {name.upper(): getattr(view, name) for name in sorted(names) if hasattr(view, name)}
