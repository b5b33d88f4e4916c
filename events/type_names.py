"""Names of events as callers give them: one type, or a family such as `order.*`."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from events.types import EVENT_TYPES

OUTSIDE: Final = "ext."
"""What the types of integrators begin with, and none of ours ever does."""

MAX_LENGTH: Final = 100
OUTSIDE_PATTERN: Final = r"^ext(\.[A-Za-z0-9_-]+){1,8}$"
ASKED_PATTERN: Final = r"^[a-z_]+(\.[A-Za-z0-9_-]+){0,8}\.([A-Za-z0-9_-]+|\*)$"
_FAMILY_END: Final = ".*"


def is_from_outside(event_type: str) -> bool:
    return event_type.startswith(OUTSIDE)


def is_misspelt(name: str) -> bool:
    """One of ours that does not exist would match nothing for ever; what integrators call theirs nobody knows."""
    return not is_from_outside(name) and name not in EVENT_TYPES and name not in _families()


def _families() -> set[str]:
    return {event_type.split(".")[0] + _FAMILY_END for event_type in EVENT_TYPES}


def of_types(names: Iterable[str]) -> Q:
    """The events of any of these types and families; of none, all."""
    condition = Q()
    for name in names:
        is_family = name.endswith(_FAMILY_END)
        condition |= Q(type__startswith=name.removesuffix("*")) if is_family else Q(type=name)
    return condition
