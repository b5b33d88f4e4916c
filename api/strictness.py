"""JSON has types: a number in quotes is not a number. DRF's fields convert, which hides callers' mistakes."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.validators import BaseValidator, MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.text import has_control_characters

MAX_TEXT_LENGTH: Final = 2_000
MAX_LIST_LENGTH: Final = 500
MIN_INTEGER: Final = -(2**31)
MAX_INTEGER: Final = 2**31 - 1
UUID_PATTERN: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
FORM_NAMES: Final = frozenset({"csrfmiddlewaretoken"})

Detail = list[ErrorDetail] | dict[Any, Any]


def _is_whole(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_EXPECTED: Final[tuple[tuple[type | tuple[type, ...], Callable[[object], bool], str], ...]] = (
    (serializers.BooleanField, lambda value: isinstance(value, bool), "Expected true or false."),
    (serializers.IntegerField, _is_whole, "Expected a whole number."),
    (serializers.FloatField, _is_number, "Expected a number."),
    (serializers.DecimalField, _is_text, 'Expected a decimal in a string, such as "12.50".'),
    (serializers.UUIDField, _is_text, "Expected a UUID in a string."),
    (
        (serializers.DateTimeField, serializers.DateField, serializers.TimeField, serializers.DurationField),
        _is_text,
        "Expected a string in ISO 8601.",
    ),
    ((serializers.CharField, serializers.ChoiceField), _is_text, "Expected a string."),
)


def type_problem(field: serializers.Field[Any, Any, Any, Any], value: object) -> Detail | None:
    """What is wrong with the JSON type of `value` for `field`; None where nothing is, or the field says so itself."""
    if value is None:
        return None
    if isinstance(field, serializers.ListField):
        return _item_problems(field, value)
    for fields, fits, message in _EXPECTED:
        if isinstance(field, fields) and not isinstance(field, serializers.MultipleChoiceField):
            return text_problem(field, value) if fits(value) else [ErrorDetail(message, code="invalid_type")]
    return None


def text_problem(field: serializers.Field[Any, Any, Any, Any], value: object) -> Detail | None:
    """What is wrong with a text as it was sent, before white space around it is cut off."""
    if not isinstance(value, str):
        return None
    if isinstance(field, serializers.UUIDField) and not UUID_PATTERN.fullmatch(value):
        return [ErrorDetail("Must be a valid UUID.", code="invalid")]
    if not isinstance(field, serializers.CharField):
        return None
    if has_control_characters(value):
        return [ErrorDetail("Control characters are not allowed.", code="control_characters")]
    limit = field.max_length or MAX_TEXT_LENGTH
    if len(value) > limit:
        return [ErrorDetail(f"Ensure this field has no more than {limit} characters.", code="max_length")]
    return None


def _item_problems(field: Any, value: object) -> Detail | None:
    if not isinstance(value, list):
        return None
    problems = {index: type_problem(field.child, item) for index, item in enumerate(value)}
    return {index: problem for index, problem in problems.items() if problem} or None


def bound_field(field: Any) -> None:
    """Give a field the limit it lacks, so that nothing is too long or out of the database's range."""
    if isinstance(field, serializers.IntegerField) and not isinstance(field, serializers.BigIntegerField):
        _limit(field, MinValueValidator, MIN_INTEGER)
        _limit(field, MaxValueValidator, MAX_INTEGER)
    elif isinstance(field, serializers.FloatField):
        field.validators = [*field.validators, refuse_infinite]
    elif isinstance(field, serializers.CharField):
        _limit(field, MaxLengthValidator, MAX_TEXT_LENGTH)
    elif isinstance(field, serializers.ListField):
        _limit(field, MaxLengthValidator, MAX_LIST_LENGTH)
        bound_field(field.child)
    elif isinstance(field, serializers.ListSerializer):
        _limit_items(field)


def _limit_items(field: Any) -> None:
    if field.max_length is None:
        field.max_length = MAX_LIST_LENGTH


def _limit(field: Any, validator: type[BaseValidator], limit: int) -> None:
    if not any(isinstance(existing, validator) for existing in field.validators):
        field.validators = [*field.validators, validator(limit)]


def refuse_infinite(value: float) -> None:
    if not math.isfinite(value):
        raise ValidationError("Expected a finite number.", code="invalid")


def plain_values(data: QueryDict, fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Detail]]:
    """Query or form values as a plain mapping, because DRF reads an absent boolean of a form as false.

    A repeated value is a problem unless the field is a list.
    """
    values: dict[str, Any] = {}
    problems: dict[str, Detail] = {}
    for name, given in data.lists():
        field = fields.get(name)
        if isinstance(field, serializers.ListField | serializers.MultipleChoiceField):
            values[name] = given
        elif len(given) > 1:
            problems[name] = [ErrorDetail("Given more than once.", code="repeated")]
        else:
            values[name] = given[0]
            problem = text_problem(field, given[0]) if field is not None else None
            problems |= {name: problem} if problem else {}
    return values, problems


def without_blanks(data: QueryDict) -> QueryDict:
    """A query parameter without a value, as forms send it, counts as absent."""
    kept = QueryDict(mutable=True)
    for name, given in data.lists():
        values = [value for value in given if value != ""]
        if values:
            kept.setlist(name, values)
    return kept
