"""Headers as OpenAPI shows them."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter

from api.idempotency.decorator import REPLAYED_HEADER

Schema = dict[str, Any]

LOCATION: Final = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[201], description="The address of what was created."
)

HEADERS: Final[Mapping[str, Schema]] = {
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


def header_parameter(name: str, description: str, *, required: bool, schema: Schema) -> Schema:
    return {"in": "header", "name": name, "description": description, "required": required, "schema": schema}
