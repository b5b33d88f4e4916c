"""The API as pages for people: what is here, what may be done with it, and a form that does it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request, override_method
from rest_framework.serializers import Serializer
from rest_framework.status import HTTP_405_METHOD_NOT_ALLOWED

from api.errors import JSON, CataloguedError
from api.examples import example_of, shown_values
from api.idempotency.keys import key_requirement
from api.routes import handlers_of, url_patterns
from api.scopes import ANYONE

UUID_LENGTH: Final = 36


@dataclass(frozen=True, slots=True)
class RequestForm:
    """One thing that may be sent from here. `body` is None where nothing is sent along."""

    method: str
    label: str
    body: str | None
    needs_key: bool
    needs_match: bool

    @property
    def rows(self) -> int:
        """As high as its text, within reason."""
        return min(24, max(4, (self.body or "").count("\n") + 2))


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    url: str
    methods: str


class BrowsableRenderer(BrowsableAPIRenderer):
    """Forms are JSON, because the API takes nothing else; our script sends them with the headers it asks for."""

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        view, request, response = (renderer_context[name] for name in ("view", "request", "response"))
        return {
            "has_content": response.status_code != HTTP_405_METHOD_NOT_ALLOWED,
            "content": "" if data is None else JSONRenderer().render(data, renderer_context={"indent": 2}).decode(),
            "name": label_of(view, request.method),
            "request": request,
            "response": response,
            "reason": data.get("detail") if response.exception and isinstance(data, dict) else "",
            "user": request.user,
            "breadcrumbs": [Link(_segment(url), url, "GET") for _, url in self.get_breadcrumbs(request)],
            "forms": [] if response.status_code == 401 else list(forms(view, request, shown=data)),
            "links": list(links(view, request)),
            "methods": [method for method in view.allowed_methods if method != "OPTIONS"],
        }


def forms(view: Any, request: Request, *, shown: Any) -> Iterator[RequestForm]:
    for method, handler in handlers_of(type(view)).items():
        if method != "GET" and may(view, request, method):
            yield RequestForm(
                method=method,
                label=label_of(view, method),
                body=None if method == "DELETE" else _prefilled(view, method, shown=shown),
                needs_key=key_requirement(handler) is not None,
                needs_match=method in getattr(view, "if_match", {}),
            )


def links(view: Any, request: Request) -> Iterator[Link]:
    """One level below this address, without further parameters: what belongs to the object shown."""
    match = request.resolver_match
    for route, pattern in url_patterns():
        below = route.removeprefix(f"{match.route.rstrip('/')}/") if match else route
        view_class: Any = getattr(pattern.callback, "view_class", None)
        if below in {route, ""} or "<" in below or not _is_for_people(view_class):
            continue
        methods = [method for method in handlers_of(view_class) if may(_like(view, view_class), request, method)]
        if methods:
            yield Link(name=below, url=f"{request.path.rstrip('/')}/{below}", methods=", ".join(methods))


def _is_for_people(view_class: Any) -> bool:
    """Open routes are for machines that are about to sign in or sign by themselves."""
    return ANYONE not in getattr(view_class, "required_scopes", {"": ANYONE}).values()


def _like(view: Any, view_class: type[Any]) -> Any:
    other = view_class()
    other.args, other.kwargs = view.args, view.kwargs
    return other


def may(view: Any, request: Request, method: str) -> bool:
    with override_method(view, request, method) as overridden:
        try:
            view.check_permissions(overridden)
        except (CataloguedError, APIException):
            return False
    return True


def _prefilled(view: Any, method: str, *, shown: Any) -> str | None:
    """What the view knows to work comes first: it may take several shapes, of which no example can be made."""
    body: Mapping[str, JSON] | None = view.example_body(method) if hasattr(view, "example_body") else None
    serializer = request_serializer(view, method)
    if body is None and serializer is not None and serializer.fields:
        is_change = method in {"PATCH", "PUT"} and isinstance(shown, Mapping)
        body = shown_values(serializer, shown) if is_change else example_of(serializer)
    return None if body is None else json.dumps(body, indent=2, ensure_ascii=False)


def request_serializer(view: Any, method: str) -> Serializer[Any] | None:
    schema = _described(view, method)
    serializer = schema.get_request_serializer() if schema else None
    if isinstance(serializer, type) and issubclass(serializer, Serializer):
        return serializer()
    return serializer if isinstance(serializer, Serializer) else None


def _segment(url: str) -> str:
    """The last part of an address; of an id only as much as tells it from its neighbours."""
    last = url.rstrip("/").rpartition("/")[2]
    return f"{last[:8]}…{last[-4:]}" if len(last) == UUID_LENGTH else last


def label_of(view: Any, method: str) -> str:
    """The summary of the operation; of any, for a method that is none of this address."""
    for candidate in (method, *handlers_of(type(view))):
        schema = _described(view, candidate)
        summary = schema.get_summary() if schema else None
        if summary:
            return str(summary)
    return str(view.get_view_name())


def _described(view: Any, method: str) -> Any:
    """What `@extend_schema` has said of a handler."""
    schema_class = getattr(getattr(view, method.lower(), None), "kwargs", {}).get("schema")
    if schema_class is None:
        return None
    schema = schema_class()
    schema.view, schema.method, schema.path = view, method, view.request.path
    return schema
