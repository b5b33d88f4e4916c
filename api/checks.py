"""`manage.py check` proves that no method of an API view has forgotten to say which scope it needs."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from api.scopes import ANYONE


@register("api")
def check_declared_scopes(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for view in sorted(api_views(), key=_name) for problem in _scope_problems(view)]


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


def _scope_problems(view: type[Any]) -> Iterator[CheckMessage]:
    from api.idempotency.decorator import key_requirement

    handlers = handlers_of(view)
    for method in handlers.keys() - view.required_scopes.keys():
        yield Error(f"{_name(view)} declares no required scopes for {method}.", obj=view, id="api.E001")
    for method in view.required_scopes.keys() - handlers.keys():
        yield Error(f"{_name(view)} declares scopes for {method}, which it does not handle.", obj=view, id="api.E002")
    for method, handler in handlers.items():
        if key_requirement(handler) is not None and view.required_scopes.get(method) is ANYONE:
            yield Error(
                f"{_name(view)}: strangers would share the idempotency keys of {method}.", obj=view, id="api.E003"
            )


def _name(view: type[Any]) -> str:
    return f"{view.__module__}.{view.__qualname__}"
