"""Who was considered for an order, as API and Admin show it: with names, and as things are now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from django.utils import timezone

from couriers.matching.plan import EXCLUSIONS, OUTCOMES, Exclusion, Outcome
from couriers.models import Courier, MatchingDecision
from couriers.services.deciding import decision, look_at
from couriers.states import DecidedBy
from orders.models import Order
from orders.states import OrderStatus

SHOWN: Final = 20
GONE: Final = "a courier who is gone"

Names = Mapping[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCandidate:
    courier_id: UUID
    name: str
    is_chosen: bool
    cost: float
    distance_m: int | None
    position_age_seconds: int | None
    stops: int
    door_seconds: int
    travel_seconds: int
    late_seconds: int
    proposed_for: tuple[UUID, ...]

    @property
    def door_minutes(self) -> str:
        return _minutes(self.door_seconds)

    @property
    def late_minutes(self) -> str:
        return _minutes(self.late_seconds)

    @property
    def travel_minutes(self) -> str:
        return _minutes(self.travel_seconds)

    @classmethod
    def of(cls, kept: Mapping[str, Any], *, names: Names, chosen: UUID | None) -> Self:
        courier_id = UUID(kept["courier_id"])
        return cls(
            **{
                **kept,
                "courier_id": courier_id,
                "name": names.get(courier_id, GONE),
                "is_chosen": courier_id == chosen,
                "proposed_for": tuple(UUID(order_id) for order_id in kept["proposed_for"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExclusion:
    courier_id: UUID
    name: str
    reason: Exclusion
    distance_m: int | None

    @property
    def why(self) -> str:
        return dict(EXCLUSIONS)[self.reason]

    @classmethod
    def of(cls, kept: Mapping[str, Any], *, names: Names) -> Self:
        courier_id = UUID(kept["courier_id"])
        return cls(
            courier_id=courier_id,
            name=names.get(courier_id, GONE),
            reason=Exclusion(kept["reason"]),
            distance_m=kept["distance_m"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDecision:
    decided_at: datetime
    decided_by: DecidedBy
    engine: str
    outcome: Outcome
    courier_id: UUID | None
    candidates: tuple[ShownCandidate, ...]
    candidate_count: int
    excluded: tuple[ShownExclusion, ...]
    exclusion_counts: Mapping[str, int]

    @property
    def title(self) -> str:
        """Who was chosen, else why nobody."""
        chosen = next((one.name for one in self.candidates if one.is_chosen), None)
        return chosen or dict(OUTCOMES)[self.outcome]

    @property
    def counted(self) -> Sequence[tuple[str, int]]:
        """Why how many were excluded, in words."""
        words = dict(EXCLUSIONS)
        return [(words[Exclusion(reason)], count) for reason, count in self.exclusion_counts.items()]

    @classmethod
    def of(cls, kept: MatchingDecision, *, names: Names) -> Self:
        return cls(
            decided_at=kept.decided_at,
            decided_by=DecidedBy(kept.decided_by),
            engine=kept.engine,
            outcome=Outcome(kept.outcome),
            courier_id=kept.courier_id,
            candidates=tuple(ShownCandidate.of(one, names=names, chosen=kept.courier_id) for one in kept.candidates),
            candidate_count=kept.candidate_count,
            excluded=tuple(ShownExclusion.of(one, names=names) for one in kept.excluded),
            exclusion_counts=kept.exclusion_counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """`suggestion` is what the engine says of this order alone at this moment, if it waits for a courier."""

    order_id: UUID
    suggestion: ShownDecision | None
    decisions: tuple[ShownDecision, ...]


def matching_of(order: Order, *, most: int = SHOWN) -> Matching:
    """A fixed number of queries, more for an order that waits."""
    kept = list(MatchingDecision.objects.filter(order=order).order_by("-decided_at", "-id")[:most])
    suggested = _suggestion(order)
    names = _names([*kept, *([suggested] if suggested else [])])
    return Matching(
        order_id=order.pk,
        suggestion=ShownDecision.of(suggested, names=names) if suggested else None,
        decisions=tuple(ShownDecision.of(one, names=names) for one in kept),
    )


def _minutes(seconds: int) -> str:
    return f"{round(seconds / 60)} min"


def _suggestion(order: Order) -> MatchingDecision | None:
    """Made up, not kept."""
    if order.status != OrderStatus.CONFIRMED:
        return None
    now = timezone.now()
    explanation = look_at(order, now=now)
    return decision(explanation, by=DecidedBy.DISPATCH, now=now) if explanation else None


def _names(decisions: Iterable[MatchingDecision]) -> Names:
    named = {one["courier_id"] for kept in decisions for one in (*kept.candidates, *kept.excluded)}
    return dict(Courier.objects.filter(pk__in=named).values_list("pk", "name")) if named else {}
