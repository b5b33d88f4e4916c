"""How our own fields look in OpenAPI: what is accepted is told apart from what is shown."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class MoneyFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "api.serializers.MoneyField"

    def map_serializer_field(self, auto_schema: "AutoSchema", direction: str) -> dict[str, Any]:
        field = self.target
        pattern = field.accepted_pattern if direction == "request" else field.shown_pattern
        return {"type": "string", "format": "decimal", "pattern": pattern, "example": "12.50"}
