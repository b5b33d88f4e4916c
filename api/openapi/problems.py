"""Refusals as OpenAPI shows them: for each operation the very codes it can answer with."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from api.errors import catalogue
from api.openapi.headers import HEADERS
from api.problems import PROBLEM_JSON
from api.refusals import Refusal

Schema = dict[str, Any]

# Shared by name as long as the name, which is made of the codes, stays readable.
MOST_CODES_IN_A_NAME: Final = 3


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
        "description": (
            "A problem (RFC 9457). Each `code` has a page of its own, whose address is `type`: cause, what to do, "
            "whether to retry. Further members, such as `allowed` or `available`, are told there."
        ),
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


def problem_responses(refusals: Iterable[Refusal]) -> Iterator[tuple[str, Schema]]:
    """One response for each status, in ascending order."""
    ordered = sorted(refusals, key=attrgetter("status", "code"))
    for status, errors in groupby(ordered, key=attrgetter("status")):
        yield str(status), _response(status, list(errors))


def _response(status: int, errors: list[Refusal]) -> Schema:
    narrowed = {
        "type": "object",
        "properties": {
            "status": {"type": "integer", "enum": [status]},
            "code": {"type": "string", "enum": [error.code for error in errors]},
        },
    }
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    response: Schema = {
        "description": "\n".join(f"- `{error.code}`: {error.title}" for error in errors),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }
    names = sorted({name for error in errors for name in (*error.default_headers, *error.further_headers)})
    return {"headers": {name: HEADERS[name] for name in names}, **response} if names else response


def share_problem_responses(result: Schema) -> Schema:
    """Move each response that several operations have to the components; returns those by name."""
    places = list(_problem_places(result))
    uses = Counter(_name_of(responses[status]) for responses, status in places)
    shared: Schema = {}
    for responses, status in places:
        name = _name_of(responses[status])
        if name and uses[name] > 1:
            shared[name] = responses[status]
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))


def _problem_places(result: Schema) -> Iterator[tuple[Schema, str]]:
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if PROBLEM_JSON in response.get("content", {}):
                    yield operation["responses"], status


def _name_of(response: Schema) -> str:
    """From its codes, `BusyOrNotFound`; empty where there are too many of them."""
    codes = response["content"][PROBLEM_JSON]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    if len(codes) > MOST_CODES_IN_A_NAME:
        return ""
    return "Or".join(code.title().replace("_", "") for code in codes)
