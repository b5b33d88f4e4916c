"""Offers that come to nothing: declined, or never answered."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from api.waking import wake
from couriers.errors import OfferNotOpen
from couriers.locks import lock_carried, lock_offers
from couriers.models import Assignment
from couriers.services.booking import close_offer, save_changed
from couriers.services.telling import tell
from couriers.states import AssignmentStatus, DeclineReason, OfferEnd
from orders.locks import lock_order
from orders.services.sweeping import sweep

MATCH: Final = "couriers.match_waiting"
BATCH: Final = 500


@transactional
def decline_offer(
    assignment_id: UUID,
    *,
    actor: Actor,
    reason: DeclineReason,
    note: str = "",
    expected_version: int | None = None,
) -> Assignment:
    """The courier will not take the order on. Repeating it changes nothing.

    `note` may be a person's words: it stays with the assignment. Raises AssignmentNotFound, PreconditionFailed,
    OfferNotOpen.
    """
    carried = lock_carried(assignment_id)
    offer = carried.assignment
    if offer.status == AssignmentStatus.DECLINED:
        return offer
    check_version(offer.version, expected_version)
    if offer.status != AssignmentStatus.OFFERED:
        raise OfferNotOpen(assignment_status=offer.status)
    offer.status, offer.decline_reason, offer.note = AssignmentStatus.DECLINED, reason, note
    offer.ended_at = timezone.now()
    save_changed(offer)
    tell(offer, what="declined", reason=reason.value)
    _ask_the_next([offer])
    return offer


def expire_offers() -> int:
    """End the offers whose deadline has passed or whose courier is offline, those of an order together; returns of how
    many orders."""
    due = Assignment.objects.vain_at(timezone.now()).order_by("expires_at", "id")
    order_ids = list(dict.fromkeys(due.values_list("order_id", flat=True)[:BATCH]))
    return sweep(order_ids, work=_expire_offers_of)


@transactional
def _expire_offers_of(order_id: UUID) -> bool:
    """Looks again under the lock: they may have been answered in between."""
    order, now = lock_order(order_id), timezone.now()
    offers = lock_offers(order_id)
    vain = set(Assignment.objects.vain_at(now).filter(order=order).values_list("id", flat=True))
    ended = [offer for offer in offers if offer.id in vain]
    for offer in ended:
        reason = OfferEnd.COURIER_OFFLINE if offer.is_open_at(now) else OfferEnd.DEADLINE
        close_offer(offer, order=order, reason=reason)
    _ask_the_next(ended)
    return bool(ended)


def _ask_the_next(ended: Iterable[Assignment]) -> None:
    """Where the offer came by itself, the next one does not wait for the cadence."""
    if any(offer.offered_by_id is None for offer in ended):
        wake(MATCH)
