import pytest

from api import errors
from api.errors import CataloguedError, FieldProblem, catalogue


def declare(**attributes: object) -> type[CataloguedError]:
    complete = {"code": "c", "status": 400, "title": "t", "cause": "c", "remedy": "r", "retryable": False}
    return type("Declared", (CataloguedError,), {**complete, **attributes})


def test_a_code_has_one_owner() -> None:
    with pytest.raises(TypeError, match=r"'busy' .* already belongs to api\.errors\.Busy"):
        declare(code="busy")
    assert catalogue()["busy"] is errors.Busy


def test_an_incomplete_error_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="lacks remedy, retryable"):
        type("Incomplete", (CataloguedError,), {"code": "x", "status": 400, "title": "t", "cause": "c"})
    assert "x" not in catalogue()


def test_the_catalogue_is_in_alphabetical_order() -> None:
    assert list(catalogue()) == sorted(catalogue())


def test_the_cause_is_the_detail_where_none_is_given() -> None:
    assert errors.NotFound().detail == str(errors.NotFound()) == errors.NotFound.cause
    assert errors.NotFound("No such order.").detail == "No such order."


def test_an_error_adds_to_its_default_headers() -> None:
    assert errors.Busy(headers={"X-More": "1"}).headers == {"Retry-After": "1", "X-More": "1"}
    assert errors.Busy().headers == {"Retry-After": "1"}


def test_members_cannot_replace_those_of_the_format() -> None:
    with pytest.raises(TypeError, match="reserved problem members: instance, type"):
        errors.NotFound(type="x", instance="y")


def test_field_problems_are_kept_as_they_are() -> None:
    problem = FieldProblem("/items/0", "short", "Too few.", {"available": 1})

    assert errors.InvalidRequest(errors=[problem]).errors == (problem,)
