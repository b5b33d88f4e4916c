"""OpenAPI links: from what brought an object into being to what may be done with it next."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.etags import IF_MATCH

Schema = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """An operation on one object, which its path names; If-Match, where it is heeded, is about that object."""

    operation_id: str
    parameter: str
    heeds_version: bool


def add_links(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """A postprocessing hook."""
    targets = list(_targets(result))
    for path, operation in _operations(result):
        for status, response in operation["responses"].items():
            name = _new_object(path, status, response)
            links = {target.operation_id: _link(target) for target in targets if name and target.parameter == name}
            if links:
                response["links"] = links
    return result


def _operations(result: Schema) -> Iterator[tuple[str, Schema]]:
    for path, item in result["paths"].items():
        for operation in item.values():
            yield path, operation


def _targets(result: Schema) -> Iterator[Target]:
    for path, operation in _operations(result):
        named = re.findall(r"\{(\w+)\}", path)
        if len(named) == 1:
            headers = {parameter["name"] for parameter in operation.get("parameters", ())}
            yield Target(operation["operationId"], parameter=named[0], heeds_version=IF_MATCH in headers)


def _new_object(path: str, status: str, response: Schema) -> str:
    """How addresses name the object that the answer shows, unless it is the one that was asked for: `order_id`."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    component = schema.get("$ref", "").rpartition("/")[2]
    name = f"{component.lower()}_id"
    return name if status in {"200", "201"} and component and f"{{{name}}}" not in path else ""


def _link(target: Target) -> Schema:
    parameters = {target.parameter: "$response.body#/id"}
    if target.heeds_version:
        parameters[f"header.{IF_MATCH}"] = "$response.header.ETag"
    return {"operationId": target.operation_id, "parameters": parameters}
