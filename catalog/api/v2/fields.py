"""Fields of stores whose form no built-in field describes."""

import re
from datetime import time
from functools import cache
from typing import Any, ClassVar, Final
from zoneinfo import available_timezones

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

WALL_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
CURRENCY: Final = r"^[A-Z]{3}$"


@extend_schema_field({"type": "string", "pattern": WALL_TIME, "example": "09:00"})
class WallTimeField(serializers.TimeField):
    """Hours and minutes on the clock of the store's own wall."""

    default_error_messages: ClassVar = {"invalid": 'Expected hours and minutes, such as "09:00".'}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)

    def to_internal_value(self, value: Any) -> time:
        if not isinstance(value, str) or not re.fullmatch(WALL_TIME, value):
            self.fail("invalid")
        return super().to_internal_value(value)


@extend_schema_field({"type": "string", "format": "iana-time-zone", "example": "Europe/Berlin"})
class TimeZoneField(serializers.CharField):
    """The name of a zone of the IANA database; not an enumeration, because the database differs by machine."""

    default_error_messages: ClassVar = {"unknown_zone": "Not a time zone of the IANA database."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in _zones():
            self.fail("unknown_zone")
        return name


@extend_schema_field({"type": "string", "pattern": CURRENCY, "example": "EUR"})
class CurrencyField(serializers.CharField):
    """An ISO 4217 code of three capital letters."""

    default_error_messages: ClassVar = {"invalid": "Expected three capital letters, such as EUR."}

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not re.fullmatch(CURRENCY, code, re.ASCII):
            self.fail("invalid")
        return code


@extend_schema_field({"type": "integer", "minimum": -1_000_000_000, "maximum": 1_000_000_000, "not": {"enum": [0]}})
class DeltaField(serializers.IntegerField):
    """How much more there is, or less."""

    default_error_messages: ClassVar = {"zero": "A change by nothing is none."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-1_000_000_000, max_value=1_000_000_000, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        delta = super().to_internal_value(data)
        if delta == 0:
            self.fail("zero")
        return delta


@cache
def _zones() -> frozenset[str]:
    """Reading them walks the file system."""
    return frozenset(available_timezones())
