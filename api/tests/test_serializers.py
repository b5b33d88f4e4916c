import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api.problems import field_problems
from api.serializers import ChangeSerializer, MomentField, MoneyField, NoBody, StrictSerializer, shared
from api.tests.site import BasketInput, KeyFilters

ITEM: dict[str, Any] = {"product_id": "0192f0c1-2b3c-7d4e-8f50-123456789abc", "quantity": 2}


def problems_of(serializer: type[StrictSerializer], data: Any) -> list[tuple[str, str]]:
    try:
        valid(serializer, data)
    except ValidationError as error:
        return [(problem.pointer, problem.code) for problem in field_problems(error.detail)]
    return []


def valid(serializer: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """By one that has read other data before."""
    return shared(serializer).validated(data)


def basket(**fields: Any) -> dict[str, Any]:
    return {"items": [ITEM], **fields}


def test_a_valid_basket_is_converted() -> None:
    values = valid(BasketInput, basket(tip="1.5", note="  ring twice ", labels=[1, 2], urgent=False))

    assert values["items"] == [{"product_id": UUID(ITEM["product_id"]), "quantity": 2}]
    assert (values["tip"], values["note"]) == (Decimal("1.50"), "ring twice")
    assert (values["labels"], values["urgent"]) == ([1, 2], False)


def test_unknown_and_unsettable_fields_are_refused_wherever_they_are() -> None:
    data = {"items": [{**ITEM, "price": "0.01"}], "admin": True, "number": "7"}

    assert sorted(problems_of(BasketInput, data)) == [
        ("/admin", "unknown_field"),
        ("/items/0/price", "unknown_field"),
        ("/number", "read_only"),
    ]


@pytest.mark.parametrize(("data", "code"), [(None, "null"), ([], "invalid"), ("basket", "invalid"), (1, "invalid")])
def test_what_is_no_document_is_refused(data: Any, code: str) -> None:
    assert problems_of(BasketInput, data) == [("", code)]


def test_no_document_at_all_is_no_field() -> None:
    with pytest.raises(ValidationError, match="No data provided"):
        valid(BasketInput, None)


def test_what_one_caller_sends_is_not_kept_for_the_next() -> None:
    assert problems_of(BasketInput, {"colour": "red"})
    assert "note" in valid(BasketInput, basket(note="ring"))
    assert "note" not in valid(BasketInput, basket())


def test_all_problems_are_told_at_once() -> None:
    data = {"items": [ITEM, {"quantity": 0}], "colour": "red", "tip": "-1"}

    assert sorted(problems_of(BasketInput, data)) == [
        ("/colour", "unknown_field"),
        ("/items/1/product_id", "required"),
        ("/items/1/quantity", "min_value"),
        ("/tip", "min_value"),
    ]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"items": [{**ITEM, "quantity": "2"}]}, "/items/0/quantity"),
        ({"items": [{**ITEM, "quantity": True}]}, "/items/0/quantity"),
        ({"items": [{**ITEM, "quantity": 1.5}]}, "/items/0/quantity"),
        ({"items": [{**ITEM, "product_id": 7}]}, "/items/0/product_id"),
        ({"tip": 1}, "/tip"),
        ({"tip": 1.5}, "/tip"),
        ({"note": 5}, "/note"),
        ({"latitude": "52.5"}, "/latitude"),
        ({"latitude": True}, "/latitude"),
        ({"urgent": "yes"}, "/urgent"),
        ({"urgent": 1}, "/urgent"),
        ({"labels": [1, "2"]}, "/labels/1"),
        ({"at": 1700000000}, "/at"),
    ],
)
def test_a_value_of_another_json_type_is_not_converted(fields: dict[str, Any], pointer: str) -> None:
    assert problems_of(BasketInput, basket(**fields)) == [(pointer, "invalid_type")]


def test_a_whole_number_may_be_written_with_a_fraction() -> None:
    assert valid(BasketInput, {"items": [{**ITEM, "quantity": 2.0}]})["items"][0]["quantity"] == 2


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "1e3",
        "1.234",
        "",
        ".5",
        "5.",
        "12345678901",
        "0x1",
        "1,50",
        "-0",
        "-0.00",
        "007",
        " 1",
        "1\n",
    ],
)
def test_an_amount_is_a_plain_decimal_with_two_places(value: str) -> None:
    assert problems_of(BasketInput, basket(tip=value)) == [("/tip", "invalid")]


def test_an_amount_has_its_own_bounds() -> None:
    field = MoneyField(min_value=Decimal("0.01"))

    with pytest.raises(ValidationError):
        field.run_validation("0.00")
    assert MoneyField(min_value=None).run_validation("-3.10") == Decimal("-3.10")
    assert MoneyField().to_representation(Decimal("9999999999.9")) == "9999999999.90"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (MoneyField(), ["0", "0.0", "12.5", "9999999999.99"]),
        (MoneyField(max_digits=5), ["0", "999.99"]),
        (MoneyField(min_value=Decimal("0.01")), ["0.01", "10", "100.00"]),
        (MoneyField(min_value=None), ["-1", "-0.01", "5"]),
    ],
)
def test_an_amount_is_accepted_as_its_pattern_says(field: MoneyField, values: list[str]) -> None:
    candidates = [*values, "1000", "10000000000", "0", "0.00", "-1", "-0", "1.001", "01", " 1"]
    accepted = [value for value in candidates if is_accepted(field, value)]

    assert accepted == [value for value in candidates if re.fullmatch(field.accepted_pattern, value)]
    assert set(values) <= set(accepted)
    assert re.fullmatch(field.shown_pattern, field.to_representation(Decimal("-12.5")))


def is_accepted(field: MoneyField, value: str) -> bool:
    try:
        field.run_validation(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_is_finite(value: float) -> None:
    assert problems_of(BasketInput, basket(latitude=value)) == [("/latitude", "invalid")]


@pytest.mark.parametrize("label", [2**31, -(2**31) - 1, 10**30])
def test_a_whole_number_fits_the_database(label: int) -> None:
    assert problems_of(BasketInput, basket(labels=[label]))[0][0] == "/labels/0"


def test_text_and_lists_have_an_end() -> None:
    assert problems_of(BasketInput, basket(note="x" * 2_001)) == [("/note", "max_length")]
    assert problems_of(BasketInput, basket(labels=[1] * 501)) == [("/labels", "max_length")]
    assert problems_of(BasketInput, {"items": [ITEM] * 501}) == [("/items", "max_length")]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1f", "\x7f", "\x85", "\ufeff"])
def test_text_has_no_control_characters(character: str) -> None:
    assert problems_of(BasketInput, basket(note=f"a{character}b")) == [("/note", "control_characters")]
    assert problems_of(BasketInput, basket(note=f"{character}ab")) == [("/note", "control_characters")]


def test_text_may_have_several_lines() -> None:
    assert valid(BasketInput, basket(note="Ring\ttwice,\r\nthen wait."))["note"] == "Ring\ttwice,\r\nthen wait."


def test_the_length_of_a_text_is_that_of_what_was_sent() -> None:
    assert problems_of(BasketInput, basket(note=f"{'x' * 2_000} ")) == [("/note", "max_length")]


@pytest.mark.parametrize("text", ["{%s}", "urn:uuid:%s", " %s"])
def test_a_uuid_has_one_spelling(text: str) -> None:
    item = {**ITEM, "product_id": text % ITEM["product_id"]}

    assert problems_of(BasketInput, {"items": [item]}) == [("/items/0/product_id", "invalid")]


class Renaming(ChangeSerializer):
    name = serializers.CharField(required=False)


class Reference(StrictSerializer):
    exactly_one_of = ("id", "email")

    id = serializers.UUIDField(required=False)
    email = serializers.EmailField(required=False)


def test_a_change_changes_something() -> None:
    assert problems_of(Renaming, {}) == [("", "required")]
    assert problems_of(Renaming, {"name": "Ada"}) == []


def test_of_alternatives_exactly_one_is_given() -> None:
    email = {"email": "ada@example.com"}

    assert (
        problems_of(Reference, {}) == problems_of(Reference, {**email, "id": ITEM["product_id"]}) == [("", "required")]
    )
    assert problems_of(Reference, email) == []


@pytest.mark.parametrize("data", [[], "text", 5, None, [ITEM]])
def test_a_body_is_an_object(data: Any) -> None:
    assert [pointer for pointer, _ in problems_of(BasketInput, data)] == [""]


def test_an_action_without_a_body_refuses_one() -> None:
    assert problems_of(NoBody, {}) == []
    assert problems_of(NoBody, {"force": True}) == [("/force", "unknown_field")]


def test_query_values_are_converted() -> None:
    values = valid(KeyFilters, QueryDict("method=POST&method=PATCH&is_open=true"))

    assert values == {"method": ["POST", "PATCH"], "is_open": True}


def test_an_absent_flag_of_a_query_is_not_false() -> None:
    assert valid(KeyFilters, QueryDict("")) == {}


def test_a_query_value_is_given_once() -> None:
    assert problems_of(KeyFilters, QueryDict("is_open=true&is_open=false")) == [("/is_open", "repeated")]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00+00:00"),
        ("0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59-02:00", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_a_moment_ends_with_the_calendar(text: str, moment: str) -> None:
    assert MomentField().run_validation(text).isoformat() == moment


def test_a_pointer_is_escaped() -> None:
    assert problems_of(NoBody, {"a/b~c": 1}) == [("/a~1b~0c", "unknown_field")]


def test_a_choice_is_a_string() -> None:
    class Chosen(StrictSerializer):
        size = serializers.ChoiceField(choices=["1", "2"])

    assert problems_of(Chosen, {"size": 1}) == [("/size", "invalid_type")]
    assert problems_of(Chosen, {"size": "3"}) == [("/size", "invalid_choice")]
