"""`manage.py check` proves that no method of an API view has forgotten to say which scope it needs."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from api.idempotency.keys import key_requirement
from api.routes import api_views, handlers_of
from api.scopes import ANYONE


@register("api")
def check_declared_scopes(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for view in sorted(api_views(), key=_name) for problem in _scope_problems(view)]


def _scope_problems(view: type[Any]) -> Iterator[CheckMessage]:
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
