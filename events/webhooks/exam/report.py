"""The marks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    LOOK = "look_yourself"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One question's mark; `saw` is what came back, or what is wrong with it, or what is to be looked for."""

    name: str
    title: str
    why: str
    remedy: str
    grade: Grade
    saw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    url: str
    lines: Sequence[Line]

    @property
    def is_passed(self) -> bool:
        return not self.counts[Grade.FAILED]

    @property
    def counts(self) -> Counter[Grade]:
        return Counter(line.grade for line in self.lines)
