"""What every operation has in common, added to its OpenAPI description here instead of in every view."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.serializers import CharField

from api.errors import catalogue
from api.idempotency.decorator import REPLAYED_HEADER
from api.idempotency.keys import HEADER as IDEMPOTENCY_KEY
from api.idempotency.keys import key_requirement
from api.scopes import ANYONE, any_of, scopes_for
from api.serializers import ChangeSerializer, StrictMixin
from api.text import NOT_BLANK_PATTERN, TEXT_PATTERN
from api.versions import DeprecatedView

TOKEN_URL: Final = "/api/v2/auth/token"
OAUTH2: Final = "oauth2"
BEARER: Final = "bearer"
TOLD_OTHERWISE: Final = frozenset({"format", "pattern", "enum"})
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Schema = dict[str, Any]

_HEADER: Final[Mapping[str, Schema]] = {
    "ETag": {"description": "The version, for If-Match.", "schema": {"type": "string", "example": '"7"'}},
    REPLAYED_HEADER: {
        "description": "Present when this answer was given before under the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Deprecation": {
        "description": "Since when this version is deprecated (RFC 9745).",
        "schema": {"type": "string", "example": "@1793491200"},
    },
    "Sunset": {"description": "When this version ends (RFC 8594).", "schema": {"type": "string"}},
    "Link": {"description": "What replaces it, as `rel=successor-version`.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}
_PROBLEM_HEADERS: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    412: ("ETag",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


class ApiSchema(AutoSchema):
    """DEFAULT_SCHEMA_CLASS. A view's own `@extend_schema` says what is particular: bodies, filters, words."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None or not hasattr(self.view, "required_scopes"):
            return operation
        for parameter in self._header_parameters():
            operation.setdefault("parameters", []).append(parameter)
        for status, response in operation["responses"].items():
            self._describe_headers(status, response)
        for status in self._problem_statuses():
            operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
        if isinstance(self.view, DeprecatedView):
            operation["deprecated"] = True
        return operation

    def get_auth(self) -> list[Schema]:
        """One of several scopes is enough, hence alternatives; OpenAPI 3.0 names no scopes for plain bearer."""
        if not hasattr(self.view, "required_scopes"):
            return [{}]
        scopes = scopes_for(self.view, self.method)
        if scopes is ANYONE:
            return [{}]
        names = any_of(scopes)
        return [{OAUTH2: [name]} for name in names] or [{OAUTH2: []}, {BEARER: []}]

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not type(serializer).__doc__:
            schema.pop("description", None)
        if direction == "request" and isinstance(serializer, StrictMixin):
            _describe_strictness(serializer, schema)
        return schema

    def get_description(self) -> str:  # type: ignore[override]
        """What the handler or its view says itself; base classes speak to developers."""
        return inspect.cleandoc(self._handler.__doc__ or type(self.view).__doc__ or "")

    @property
    def _if_match(self) -> Mapping[str, bool]:
        if_match: Mapping[str, bool] = getattr(self.view, "if_match", {})
        return if_match

    @property
    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower())

    def _header_parameters(self) -> Iterator[Schema]:
        key_is_required = key_requirement(self._handler)
        if key_is_required is not None:
            yield _parameter(
                IDEMPOTENCY_KEY,
                "A new random key for a new request; the same one when you repeat it.",
                required=key_is_required,
                schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            )
        match_is_required = self._if_match.get(self.method)
        if match_is_required is not None:
            yield _parameter(
                "If-Match",
                "The ETag of what you have read; refused when it has changed since.",
                required=match_is_required,
                schema={"type": "string", "pattern": '^"[1-9][0-9]{0,9}"$', "example": '"7"'},
            )

    def _describe_headers(self, status: str, response: Schema) -> None:
        names = []
        if status.startswith("2") and self._is_versioned(response):
            names.append("ETag")
        if key_requirement(self._handler) is not None:
            names.append(REPLAYED_HEADER)
        if isinstance(self.view, DeprecatedView):
            names += ["Deprecation", "Sunset", "Link"]
        for name in names:
            response.setdefault("headers", {}).setdefault(name, _HEADER[name])

    def _is_versioned(self, response: Schema) -> bool:
        """What shows its version has it as its ETag too."""
        content = response.get("content", {}).get("application/json", {}).get("schema", {})
        name = content.get("$ref", "").rpartition("/")[2]
        try:
            component = self.registry[(name, ResolvedComponent.SCHEMA)]
        except KeyError:
            return False
        return "version" in component.schema.get("properties", {})

    def _problem_statuses(self) -> list[int]:
        statuses = {400, 401, 403, 406, 429, 503}
        if self.method in WRITES:
            statuses |= {404, 409, 413, 415} | ({422} & _catalogued_statuses())
        if "{" in self.path:
            statuses.add(404)
        if self.method in self._if_match:
            statuses.add(412)
        if self._if_match.get(self.method):
            statuses.add(428)
        return sorted(statuses)


def _describe_strictness(serializer: StrictMixin, schema: Schema) -> None:
    schema["additionalProperties"] = False
    if serializer.exactly_one_of:
        schema["oneOf"] = [{"required": [name]} for name in serializer.exactly_one_of]
    if isinstance(serializer, ChangeSerializer) and not schema.get("required"):
        schema["minProperties"] = 1
    for name, described in schema.get("properties", {}).items():
        _describe_text(serializer.fields[name], described)


def _describe_text(field: Any, described: Schema) -> None:
    """What the pattern of a text says: no control characters, and something else than white space."""
    if isinstance(field, CharField) and described.get("type") == "string" and not described.keys() & TOLD_OTHERWISE:
        may_be_blank = field.allow_blank or not field.trim_whitespace
        described["pattern"] = TEXT_PATTERN if may_be_blank else NOT_BLANK_PATTERN


def _parameter(name: str, description: str, *, required: bool, schema: Schema) -> Schema:
    return {"in": "header", "name": name, "description": description, "required": required, "schema": schema}


def _catalogued_statuses() -> set[int]:
    return {error.status for error in catalogue().values()}


def add_shared_components(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """A postprocessing hook: the problem responses that operations refer to, and how to authenticate."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = problem_schema()
    components["responses"] = {f"Problem{status}": problem_response(status) for status in _catalogued_statuses()}
    components["responses"] = dict(sorted(components["responses"].items()))
    components["securitySchemes"] = security_schemes(result)
    return result


def problem_schema() -> Schema:
    """RFC 9457, with our members."""
    place = {"code": {"type": "string"}, "detail": {"type": "string"}}
    field = {
        "type": "object",
        "description": "What is wrong with one place of the request: a JSON pointer, a parameter or a header.",
        "properties": {
            "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body."},
            "parameter": {"type": "string", "description": "Name of a query parameter."},
            "header": {"type": "string", "description": "Name of a header."},
            **place,
        },
        "required": list(place),
        "additionalProperties": {},
    }
    return {
        "type": "object",
        "description": "A problem (RFC 9457). Each `code` has a page of its own, whose address is `type`.",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "code": {"type": "string", "enum": list(catalogue())},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": field},
        },
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "additionalProperties": {},
    }


def problem_response(status: int) -> Schema:
    """The codes an answer of this status can have."""
    errors = [error for error in catalogue().values() if error.status == status]
    narrowed = {
        "type": "object",
        "properties": {
            "status": {"type": "integer", "enum": [status]},
            "code": {"type": "string", "enum": [error.code for error in errors]},
        },
    }
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    response: Schema = {
        "description": "; ".join(f"`{error.code}`: {error.title}" for error in errors),
        "content": {"application/problem+json": {"schema": schema}},
    }
    headers = {name: _HEADER[name] for name in _PROBLEM_HEADERS.get(status, ())}
    return {"headers": headers, **response} if headers else response


def security_schemes(result: Schema) -> Schema:
    flow = {"tokenUrl": TOKEN_URL, "refreshUrl": TOKEN_URL, "scopes": dict.fromkeys(_scopes_in(result), "")}
    return {
        OAUTH2: {"type": "oauth2", "flows": {"password": flow}},
        BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }


def _scopes_in(result: Schema) -> list[str]:
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    needed = [requirement.get(OAUTH2, ()) for operation in operations for requirement in operation.get("security", ())]
    return sorted({scope for scopes in needed for scope in scopes})
