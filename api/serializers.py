"""Strict requests: unknown fields, wrong JSON types and unbounded values are refused, not guessed at."""

import re
from collections.abc import Mapping
from datetime import MINYEAR, UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Final

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.strictness import FORM_NAMES, Detail, bound_field, plain_values, type_problem

_AMOUNT: Final = re.compile(r"(-(?=.*[1-9]))?(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?")
FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)


class StrictSerializer(serializers.Serializer[Any]):
    """The base of every request body and of every set of query parameters; nested ones must be strict themselves."""

    exactly_one_of: ClassVar[tuple[str, ...]] = ()
    """Alternatives, none of them required by itself."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            if not field.read_only:
                bound_field(field)
        return fields

    def validated(self, data: Any) -> dict[str, Any]:
        """As `is_valid` and `validated_data`, but nothing is kept: several threads may ask at once.

        Raises ValidationError.
        """
        if data is None:
            raise ValidationError({"non_field_errors": ["No data provided."]}, code="null")
        try:
            return dict(self.run_validation(data))
        except ValidationError as error:
            raise ValidationError(_as_mapping(error.detail)) from error

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Detail] = {}
        if isinstance(data, QueryDict):
            data, problems = plain_values(data, dict(self.fields.items()))
        elif isinstance(data, Mapping):
            problems = self._type_problems(data)
        if isinstance(data, Mapping):
            problems |= self._unknown_fields(data)
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**_as_mapping(error.detail), **problems}) from error
        if problems:
            raise ValidationError(problems)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.exactly_one_of and len(attrs.keys() & set(self.exactly_one_of)) != 1:
            raise ValidationError(f"Give exactly one of {' and '.join(self.exactly_one_of)}.", code="required")
        return attrs

    def _type_problems(self, data: Mapping[str, Any]) -> dict[str, Detail]:
        found = {
            name: type_problem(field, data[name])
            for name, field in self.fields.items()
            if name in data and not field.read_only
        }
        return {name: problem for name, problem in found.items() if problem}

    def _unknown_fields(self, data: Mapping[str, Any]) -> dict[str, Detail]:
        return {name: [_refusal(self.fields.get(name))] for name in data if not self._is_writable(name)}

    def _is_writable(self, name: str) -> bool:
        field = self.fields.get(name)
        return name in FORM_NAMES or (field is not None and not field.read_only)


@cache
def shared(serializer: type[StrictSerializer]) -> StrictSerializer:
    """One for all who read with it: to make its fields takes longer than to read with them."""
    return serializer()


def _refusal(field: Any) -> ErrorDetail:
    if field is None:
        return ErrorDetail("Unknown field.", code="unknown_field")
    return ErrorDetail("This field cannot be set.", code="read_only")


def _as_mapping(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


class ChangeSerializer(StrictSerializer):
    """The base of the body of a PATCH: every field optional, but a change of nothing is a mistake."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise ValidationError("Give at least one field.", code="required")
        return super().validate(attrs)


class NoBody(StrictSerializer):
    """The body of an action that needs none: absent or an empty object."""


class MomentField(serializers.DateTimeField):
    """A moment to compare with. Beyond the calendar's ends, where its offset may lead, there is nothing to compare."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value)
        except ValidationError:
            return FIRST_MOMENT if value.year == MINYEAR else LAST_MOMENT


class MaybeChoiceField(serializers.ChoiceField):
    """For showing a column that is empty where there is nothing to tell: then it is null."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class MoneyField(serializers.DecimalField):
    """An amount as a decimal string with two places, `NUMERIC(12,2)`; not negative unless `min_value` says so.

    An upper bound is given by `max_digits`, two of them decimals, because a pattern can tell digits.
    """

    default_error_messages: ClassVar = {"invalid": 'Expected an amount with at most two decimals, such as "12.50".'}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", Decimal(0))
        super().__init__(**{"max_digits": 12, "decimal_places": 2, **kwargs})

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str | Decimal) or not _AMOUNT.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)

    @property
    def accepted_pattern(self) -> str:
        sign = "(-(?=.*[1-9]))?" if self.min_value is None else ""
        not_zero = "(?=.*[1-9])" if self.min_value else ""
        assert self.max_digits is not None
        return rf"^{not_zero}{sign}(0|[1-9][0-9]{{0,{self.max_digits - 3}}})(\.[0-9]{{1,2}})?$"

    @property
    def shown_pattern(self) -> str:
        return r"^-?(0|[1-9][0-9]{0,9})\.[0-9]{2}$"
