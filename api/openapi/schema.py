"""What every operation has in common, added to its OpenAPI description here instead of in every view."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.serializers import CharField, ListField

from api import errors
from api.etags import IF_MATCH
from api.etags import accepted_pattern as if_match_pattern
from api.idempotency.decorator import REPLAYED_HEADER
from api.idempotency.keys import HEADER as IDEMPOTENCY_KEY
from api.idempotency.keys import PATTERN as KEY_PATTERN
from api.idempotency.keys import key_requirement
from api.openapi.headers import HEADERS, header_parameter
from api.openapi.problems import problem_responses
from api.openapi.security import security_of
from api.refusals import refusals_of
from api.scopes import any_of, scopes_for
from api.serializers import ChangeSerializer, StrictSerializer
from api.text import NOT_BLANK_PATTERN, TEXT_PATTERN
from api.versions import DeprecatedView

Schema = dict[str, Any]

TOLD_OTHERWISE: Final = frozenset({"format", "pattern", "enum"})
KEY_DESCRIPTION: Final = (
    "A new random key for a new request; the same one when you repeat it, which is then answered as the first time."
)
MATCH_DESCRIPTION: Final = "The ETag of what you have read; refused when it has changed since."


class ApiSchema(AutoSchema):
    """DEFAULT_SCHEMA_CLASS. A view's own `@extend_schema` says what is particular: bodies, filters, words."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None or not hasattr(self.view, "required_scopes"):
            return operation
        self._describe_scopes(operation)
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                parameter["allowEmptyValue"] = True
        for parameter in self._header_parameters():
            operation.setdefault("parameters", []).append(parameter)
        for status, response in operation["responses"].items():
            self._describe_headers(status, response)
        operation["responses"].update(self._problem_responses())
        if "requestBody" in operation and _cannot_be_empty(self.get_request_serializer()):
            operation["requestBody"]["required"] = True
        if isinstance(self.view, DeprecatedView):
            operation["deprecated"] = True
        return operation

    def get_auth(self) -> list[Schema]:
        return security_of(self.view, self.method) if hasattr(self.view, "required_scopes") else [{}]

    def get_description(self) -> str:  # type: ignore[override]
        """What the handler or its view says itself; base classes speak to developers."""
        return inspect.cleandoc(self._handler.__doc__ or type(self.view).__doc__ or "")

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not type(serializer).__doc__:
            schema.pop("description", None)
        if "example" in vars(type(serializer)):
            schema["example"] = serializer.example
        if direction == "request" and isinstance(serializer, StrictSerializer):
            _describe_strictness(serializer, schema)
        return schema

    @property
    def _if_match(self) -> Mapping[str, bool]:
        if_match: Mapping[str, bool] = getattr(self.view, "if_match", {})
        return if_match

    @property
    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower())

    def _describe_scopes(self, operation: Schema) -> None:
        """Also in words, because not every reader of OpenAPI shows the scopes of alternatives."""
        scopes = any_of(scopes_for(self.view, self.method))
        if scopes:
            needed = f"Needs the scope {' or '.join(f'`{scope}`' for scope in scopes)}."
            operation["description"] = "\n\n".join(filter(None, (operation.get("description"), needed)))

    def _header_parameters(self) -> Iterator[Schema]:
        key_is_required = key_requirement(self._handler)
        if key_is_required is not None:
            schema = {"type": "string", "pattern": KEY_PATTERN, "example": "0b3d1b5e-9a0e-4d6c-8a4e-2f1d5c7b9e10"}
            yield header_parameter(IDEMPOTENCY_KEY, KEY_DESCRIPTION, required=key_is_required, schema=schema)
        match_is_required = self._if_match.get(self.method)
        if match_is_required is not None:
            pattern = if_match_pattern(required=match_is_required)
            schema = {"type": "string", "format": "etag", "pattern": pattern, "example": '"7"'}
            yield header_parameter(IF_MATCH, MATCH_DESCRIPTION, required=match_is_required, schema=schema)

    def _describe_headers(self, status: str, response: Schema) -> None:
        names = []
        if status.startswith("2") and self._is_versioned(response):
            names.append("ETag")
        if key_requirement(self._handler) is not None:
            names.append(REPLAYED_HEADER)
        if isinstance(self.view, DeprecatedView):
            names += ["Deprecation", "Sunset", "Link"]
        for name in names:
            response.setdefault("headers", {}).setdefault(name, HEADERS[name])

    def _is_versioned(self, response: Schema) -> bool:
        """What shows its version has it as its ETag too."""
        content = response.get("content", {}).get("application/json", {}).get("schema", {})
        name = content.get("$ref", "").rpartition("/")[2]
        try:
            component = self.registry[(name, ResolvedComponent.SCHEMA)]
        except KeyError:
            return False
        return "version" in component.schema.get("properties", {})

    def _problem_responses(self) -> dict[str, Schema]:
        refusals = refusals_of(self.view, self.method)
        if "{" in self.path:
            refusals |= {errors.NotFound}
        return dict(problem_responses(refusals))


def _cannot_be_empty(serializer: Any) -> bool:
    """Though no field is required by itself."""
    if isinstance(serializer, PolymorphicProxySerializer):
        return True
    kind = serializer if isinstance(serializer, type) else type(serializer)
    return issubclass(kind, ChangeSerializer) or bool(getattr(kind, "exactly_one_of", ()))


def _describe_strictness(serializer: StrictSerializer, schema: Schema) -> None:
    schema["additionalProperties"] = False
    if serializer.exactly_one_of:
        schema["oneOf"] = [{"required": [name]} for name in serializer.exactly_one_of]
    if isinstance(serializer, ChangeSerializer) and not schema.get("required"):
        schema["minProperties"] = 1
    for name, described in schema.get("properties", {}).items():
        _describe_text(serializer.fields[name], described)


def _describe_text(field: Any, described: Schema) -> None:
    """What the pattern of a text says: no control characters, and something else than white space."""
    if isinstance(field, ListField):
        _describe_text(field.child, described.get("items", {}))
    if isinstance(field, CharField) and described.get("type") == "string" and not described.keys() & TOLD_OTHERWISE:
        may_be_blank = field.allow_blank or not field.trim_whitespace
        described["pattern"] = TEXT_PATTERN if may_be_blank else NOT_BLANK_PATTERN
