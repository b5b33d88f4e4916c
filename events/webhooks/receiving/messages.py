"""What a receiver needs of an event's body; whatever else stands in it is let pass."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

Kind = TypeVar("Kind", int, str, dict[str, Any])
_NAMES: Final = {int: "whole number", str: "text", dict: "object"}


class NotAnEvent(Exception):
    """Rightly signed, but no envelope."""

    code = "not_an_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    type: str
    sequence: int
    subject_type: str
    subject_id: str
    version: int

    @classmethod
    def read(cls, body: bytes) -> Self:
        """New types and new fields are no faults: receivers must survive both. Raises NotAnEvent."""
        envelope = _envelope(body)
        subject = _field(envelope, "subject", dict)
        return cls(
            type=_field(envelope, "type", str),
            sequence=_field(envelope, "sequence", int),
            subject_type=_field(subject, "type", str),
            subject_id=_field(subject, "id", str),
            version=_field(subject, "version", int),
        )


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAnEvent("the body is not JSON") from error
    if not isinstance(envelope, dict):
        raise NotAnEvent("the body is not a JSON object")
    return envelope


def _field(place: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    value = place.get(name)
    if not isinstance(value, kind):
        raise NotAnEvent(f"`{name}` is missing or no {_NAMES[kind]}")
    return value
