"""Orders are offered to the couriers they fit best: by themselves at a cadence, or when dispatch asks for it."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from couriers.errors import CourierNotFound, CourierUnavailable, NoCourierFree
from couriers.locks import lock_courier, lock_offers
from couriers.matching.plan import Exclusion, Explanation, Outcome
from couriers.models import Assignment
from couriers.services.deciding import decision, keep_unmatched, look_at, plan_for
from couriers.services.offering import offer_order
from couriers.services.surveying import orders_to_offer
from couriers.services.waiting import report_refused_order
from couriers.states import DecidedBy
from orders.errors import OrderNotFound, TransitionNotAllowed
from orders.locks import lock_order
from orders.services.moving import refuse_move
from orders.services.sweeping import sweep
from orders.states import OrderStatus

logger = logging.getLogger(__name__)

MATCHING: Final = Actor.system("matching")
MAY_COME_BACK: Final = frozenset({Exclusion.AT_CAPACITY, Exclusion.BEING_ASKED})
_OVERTAKEN: Final = (OrderNotFound, CourierNotFound, CourierUnavailable, TransitionNotAllowed)


def match_waiting() -> int:
    """Offer the waiting orders, all of them looked at together; returns how many.

    The plan is made outside of any transaction. Each offer is one of its own, in which what the plan rests on is looked
    at again: two runs at once, or a courier who was quicker, do no harm.
    """
    now = timezone.now()
    orders = list(orders_to_offer(now).select_related("store"))
    if not orders:
        return 0
    plan = plan_for(orders, now=now)
    proposed = {one.order_id: one for one in plan.explanations if one.outcome == Outcome.PROPOSED}
    unmatched = [one for one in plan.explanations if one.outcome in (Outcome.NOBODY, Outcome.OUTNUMBERED)]
    offered = sweep([one.order_id for one in plan.proposals], work=lambda order_id: _ask(proposed[order_id], now=now))
    keep_unmatched(unmatched, now=now)
    sweep([one.order_id for one in unmatched if _everybody_refused(one)], work=report_refused_order)
    return offered


def _everybody_refused(explanation: Explanation) -> bool:
    """Somebody was asked, and nobody is left who could be."""
    counts = explanation.exclusion_counts
    return (
        explanation.outcome == Outcome.NOBODY
        and counts.get(Exclusion.ASKED_ALREADY, 0) > 0
        and not MAY_COME_BACK & counts.keys()
    )


def _ask(explanation: Explanation, *, now: datetime) -> bool:
    """Whether the courier was asked; not where things have changed since the plan was made."""
    try:
        return _offer_as_planned(explanation, now=now)
    except _OVERTAKEN as change:
        logger.info("order %s is not offered as planned: %s", explanation.order_id, change.code)
        return False


@transactional
def _offer_as_planned(explanation: Explanation, *, now: datetime) -> bool:
    """Under the courier's lock their open offers are counted too, so that nobody is asked for more than they can take.

    Raises OrderNotFound, CourierNotFound, CourierUnavailable, TransitionNotAllowed.
    """
    courier_id = _chosen(explanation)
    order = lock_order(explanation.order_id)
    if order.status != OrderStatus.CONFIRMED or any(offer.is_open_at(now) for offer in lock_offers(order.pk)):
        return False
    courier = lock_courier(courier_id)
    open_offers = Assignment.objects.open_at(now).filter(courier=courier).count()
    if courier.active_orders + open_offers >= courier.capacity:
        return False
    _offer(order.pk, explanation, actor=MATCHING, by=DecidedBy.CADENCE, expires_in=None)
    return True


@transactional
def offer_to_best(
    order_id: UUID, *, actor: Actor, expires_in: timedelta | None = None, expected_version: int | None = None
) -> list[Assignment]:
    """Ask the courier whom the engine would send. Raises OrderNotFound, PreconditionFailed, TransitionNotAllowed,
    NoCourierFree, CourierUnavailable."""
    order = lock_order(order_id)
    check_version(order.version, expected_version)
    if order.status != OrderStatus.CONFIRMED:
        raise refuse_move(order, to=OrderStatus.ASSIGNED, actor=actor)
    explanation = look_at(order, now=timezone.now())
    if explanation is None or explanation.courier_id is None:
        counts = explanation.exclusion_counts if explanation else {}
        raise NoCourierFree(excluded={reason.value: count for reason, count in counts.items()})
    return _offer(order.pk, explanation, actor=actor, by=DecidedBy.DISPATCH, expires_in=expires_in)


def _offer(
    order_id: UUID, explanation: Explanation, *, actor: Actor, by: DecidedBy, expires_in: timedelta | None
) -> list[Assignment]:
    kept = decision(explanation, by=by, now=timezone.now())
    kept.save()
    return offer_order(order_id, courier_ids=[_chosen(explanation)], actor=actor, expires_in=expires_in, decision=kept)


def _chosen(explanation: Explanation) -> UUID:
    if explanation.courier_id is None:
        raise ValueError(f"nobody is proposed for order {explanation.order_id}")
    return explanation.courier_id
