"""Asking the engine, and keeping what it said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from couriers.matching.plan import Candidate, Engine, Excluded, Explanation, Plan
from couriers.matching.situation import Rules
from couriers.models import MatchingDecision
from couriers.services.surveying import survey
from couriers.states import DecidedBy
from orders.models import Order

JSON = dict[str, Any]


def plan_for(orders: Sequence[Order], *, now: datetime) -> Plan:
    """Who should carry these orders. The engine and what it needs are loaded when the first plan is made."""
    return _engine()(survey(orders, now=now, rules=Rules()))


def look_at(order: Order, *, now: datetime) -> Explanation | None:
    """Who would be best for this one order, ready or not; None for one without a door."""
    plan = _engine()(survey([order], now=now, rules=Rules(lead_seconds=inf)))
    return plan.explanations[0] if plan.explanations else None


def decision(explanation: Explanation, *, by: DecidedBy, now: datetime) -> MatchingDecision:
    """As it is kept and shown; not saved."""
    return MatchingDecision(
        order_id=explanation.order_id,
        decided_by=by,
        decided_at=now,
        engine=settings.MATCHING_ENGINE,
        **_content(explanation),
    )


def keep_unmatched(explanations: Sequence[Explanation], *, now: datetime) -> None:
    """Why nobody is asked about these orders. One row for each time of waiting: it changes when the reasons do."""
    latest = _latest([one.order_id for one in explanations])
    for explanation in explanations:
        known = latest.get(explanation.order_id)
        if known is None or known.courier_id is not None:
            decision(explanation, by=DecidedBy.CADENCE, now=now).save()
        elif _gist(known) != _gist(decision(explanation, by=DecidedBy.CADENCE, now=now)):
            MatchingDecision.objects.filter(pk=known.pk).update(decided_at=now, **_content(explanation))


def _latest(order_ids: Sequence[UUID]) -> Mapping[UUID, MatchingDecision]:
    decisions = MatchingDecision.objects.filter(order_id__in=order_ids).order_by("id")
    return {one.order_id: one for one in decisions}


def _gist(one: MatchingDecision) -> tuple[object, ...]:
    return one.outcome, one.candidate_count, one.exclusion_counts


def _content(explanation: Explanation) -> JSON:
    return {
        "outcome": explanation.outcome.value,
        "courier_id": explanation.courier_id,
        "candidates": [_candidate(one) for one in explanation.candidates],
        "candidate_count": explanation.candidate_count,
        "excluded": [_excluded(one) for one in explanation.excluded],
        "exclusion_counts": {reason.value: count for reason, count in explanation.exclusion_counts.items()},
    }


def _candidate(one: Candidate) -> JSON:
    age = one.position_age_seconds
    return {
        "courier_id": str(one.courier_id),
        "cost": one.cost,
        "distance_m": one.distance_m,
        "position_age_seconds": None if age is None else round(age),
        "stops": one.stops,
        "door_seconds": round(one.door_seconds),
        "travel_seconds": round(one.travel_seconds),
        "late_seconds": round(one.late_seconds),
        "proposed_for": [str(order_id) for order_id in one.proposed_for],
    }


def _excluded(one: Excluded) -> JSON:
    return {"courier_id": str(one.courier_id), "reason": one.reason.value, "distance_m": one.distance_m}


def _engine() -> Engine:
    engine: Engine = import_string(settings.MATCHING_ENGINE)
    return engine
