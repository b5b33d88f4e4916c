"""What a check is, and what it brings back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

OFFENDERS_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class Findings:
    """`broken` counts all offenders, `offenders` names the first of them. `pending` counts what is not right yet
    because it waits for work that is written down; `note` says more about it."""

    examined: int
    broken: int = 0
    offenders: tuple[str, ...] = ()
    pending: int = 0
    note: str = ""


@dataclass(frozen=True)
class Check:
    """`holds` says in a sentence what is true of every row."""

    name: str
    holds: str
    examine: Callable[[], Findings]


def findings(*, examined: int, offenders: Iterable[object], pending: int = 0, note: str = "") -> Findings:
    """Goes through the offenders once and keeps only the first: there may be as many as there are rows."""
    shown: list[str] = []
    broken = 0
    for offender in offenders:
        broken += 1
        if len(shown) < OFFENDERS_SHOWN:
            shown.append(str(offender))
    return Findings(examined=examined, broken=broken, offenders=tuple(shown), pending=pending, note=note)
