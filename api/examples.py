"""Example bodies for the browsable API, made from what a serializer accepts."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers

from api.errors import JSON

# By name where the name says more than the type.
_BY_NAME: Final[Mapping[str, JSON]] = {
    "address": "Unter den Linden 1, Berlin",
    "currency": "EUR",
    "email": "ada@example.com",
    "latitude": 52.52,
    "longitude": 13.405,
    "name": "Ada Lovelace",
    "phone": "+49301234567",
    "time_zone": "Europe/Berlin",
}
_BY_TYPE: Final[tuple[tuple[type, JSON], ...]] = (
    (serializers.EmailField, "ada@example.com"),
    (serializers.BooleanField, True),
    (serializers.FloatField, 1.5),
    (serializers.DecimalField, "12.50"),
    (serializers.UUIDField, str(UUID(int=0))),
    (serializers.DateField, "2026-01-31"),
    (serializers.TimeField, "12:00"),
    (serializers.JSONField, {}),
)


def example_of(serializer: serializers.Serializer[Any]) -> dict[str, JSON]:
    """A body with every required field, or the serializer's own `example` where it has one."""
    given: Mapping[str, JSON] | None = getattr(serializer, "example", None)
    if given is not None:
        return dict(given)
    fields = serializer.fields.items()
    return {name: _value(name, field) for name, field in fields if field.required and not field.read_only}


def shown_values(serializer: serializers.Serializer[Any], shown: Mapping[str, Any]) -> dict[str, JSON]:
    """The settable part of an object as it is shown: a change that changes nothing yet."""
    fields = serializer.fields.items()
    settable = {name: field for name, field in fields if not field.read_only and shown.get(name) is not None}
    return {name: _settable(field, shown[name]) for name, field in settable.items()}


def _settable(field: Any, value: Any) -> Any:
    nested = isinstance(field, serializers.Serializer) and isinstance(value, Mapping)
    return shown_values(field, value) if nested else value


def _value(name: str, field: Any) -> JSON:
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return [_value(name, field.child)]
    if isinstance(field, serializers.Serializer):
        return example_of(field)
    if name in _BY_NAME:
        return _BY_NAME[name]
    if isinstance(field, serializers.ChoiceField):
        return str(next(iter(field.choices)))
    if isinstance(field, serializers.IntegerField):
        return max(1, field.min_value or 1)
    if isinstance(field, serializers.DateTimeField):
        return timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return next((example for kind, example in _BY_TYPE if isinstance(field, kind)), f"Some {name.replace('_', ' ')}")
