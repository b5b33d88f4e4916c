"""What an engine answers: who should carry what, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from couriers.matching.situation import Situation

CANDIDATES_TOLD: Final = 10
EXCLUSIONS_TOLD: Final = 30


class Exclusion(StrEnum):
    """Why a courier cannot be asked, whatever else speaks for them; the first that applies is told."""

    OTHER_STORE = "other_store"
    OFFLINE = "offline"
    AT_CAPACITY = "at_capacity"
    ASKED_ALREADY = "asked_already"
    BEING_ASKED = "being_asked"
    SILENT = "silent"
    TOO_FAR = "too_far"


class Outcome(StrEnum):
    PROPOSED = "proposed"
    """A courier is proposed."""
    TOO_EARLY = "too_early"
    """It will not be ready for a while."""
    NOBODY = "nobody"
    """Every courier is excluded."""
    OUTNUMBERED = "outnumbered"
    """Those who could are needed more elsewhere."""


OUTCOMES: Final = [
    (Outcome.PROPOSED.value, "A courier is proposed"),
    (Outcome.TOO_EARLY.value, "Not ready for a while"),
    (Outcome.NOBODY.value, "Nobody could"),
    (Outcome.OUTNUMBERED.value, "Who could is needed more elsewhere"),
]
EXCLUSIONS: Final = [
    (Exclusion.OTHER_STORE.value, "Other stores"),
    (Exclusion.OFFLINE.value, "Offline"),
    (Exclusion.AT_CAPACITY.value, "At capacity"),
    (Exclusion.ASKED_ALREADY.value, "Asked already"),
    (Exclusion.BEING_ASKED.value, "Being asked"),
    (Exclusion.SILENT.value, "Not heard of for long"),
    (Exclusion.TOO_FAR.value, "Too far"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A courier who could be asked, and what it would come to. Less `cost` is better.

    `travel_seconds` is the riding it adds to their route, `late_seconds` the lateness it causes, to this order and to
    those they carry already. `proposed_for` names other orders that they got in the same plan.
    """

    courier_id: UUID
    cost: float
    distance_m: float | None
    position_age_seconds: float | None
    stops: int
    door_seconds: float
    travel_seconds: float
    late_seconds: float
    proposed_for: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    courier_id: UUID
    reason: Exclusion
    distance_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Of one order. The best candidates and the nearest of the excluded are named, all are counted."""

    order_id: UUID
    outcome: Outcome
    courier_id: UUID | None
    candidates: tuple[Candidate, ...] = ()
    candidate_count: int = 0
    excluded: tuple[Excluded, ...] = ()
    exclusion_counts: Mapping[Exclusion, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    order_id: UUID
    courier_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`proposals` begin with the order for which most depends on it; one explanation for each order there was."""

    proposals: tuple[Proposal, ...]
    explanations: tuple[Explanation, ...]

    def explanation_of(self, order_id: UUID) -> Explanation:
        return next(one for one in self.explanations if one.order_id == order_id)


Engine = Callable[[Situation], Plan]
