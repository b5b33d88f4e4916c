"""Asking couriers whether they take an order on. An offer takes up none of their capacity: only accepting does."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.errors import FieldProblem
from api.etags import check_version
from api.transactions import transactional
from catalog.models import Store
from couriers.errors import CourierUnavailable
from couriers.locks import lock_couriers, lock_offers
from couriers.models import Assignment, Courier, MatchingDecision
from couriers.services.booking import close_offer
from couriers.services.telling import tell
from couriers.states import AssignmentStatus, CourierStatus, OfferEnd
from orders.locks import lock_order
from orders.models import Order
from orders.services.moving import refuse_move
from orders.states import OrderStatus


@transactional
def offer_order(
    order_id: UUID,
    *,
    courier_ids: Sequence[UUID],
    actor: Actor,
    expires_in: timedelta | None = None,
    expected_version: int | None = None,
    decision: MatchingDecision | None = None,
) -> list[Assignment]:
    """Ask these couriers, all of them or none; whoever accepts first has the order. `decision` is why it is they.

    Who has been asked and has not answered yet keeps that offer as it is. `expected_version` is the order's. Raises
    OrderNotFound, CourierNotFound, PreconditionFailed, TransitionNotAllowed, CourierUnavailable.
    """
    order = lock_order(order_id)
    check_version(order.version, expected_version)
    if order.status != OrderStatus.CONFIRMED:
        raise refuse_move(order, to=OrderStatus.ASSIGNED, actor=actor)
    couriers = lock_couriers(courier_ids)
    _refuse_unavailable([couriers[courier_id] for courier_id in courier_ids], order=order)
    now = timezone.now()
    expires_at = now + (expires_in or timedelta(seconds=settings.OFFER_SECONDS))
    offers = _open_offers(order, now=now)
    for courier in couriers.values():
        if courier.id not in offers:
            offer = Assignment(order=order, courier=courier, offered_at=now, expires_at=expires_at, decision=decision)
            offers[courier.id] = _offered(offer, actor=actor)
    return [offers[courier_id] for courier_id in courier_ids]


def _open_offers(order: Order, *, now: datetime) -> dict[UUID, Assignment]:
    """By courier, without those whose deadline has passed before the job came to notice."""
    offers = lock_offers(order.id)
    for offer in offers:
        if not offer.is_open_at(now):
            close_offer(offer, order=order, reason=OfferEnd.DEADLINE)
    return {offer.courier_id: offer for offer in offers if offer.is_open_at(now)}


def _offered(offer: Assignment, *, actor: Actor) -> Assignment:
    offer.status, offer.offered_by_id = AssignmentStatus.OFFERED, actor.user_id
    offer.save()
    tell(offer, what="offered", expires_at=offer.expires_at.isoformat() if offer.expires_at else None)
    return offer


def _refuse_unavailable(couriers: Sequence[Courier], *, order: Order) -> None:
    ids = [courier.id for courier in couriers]
    with_account = _keys(User.objects.filter(pk__in=ids, is_active=True, role=Role.COURIER).values_list("pk"))
    of_store = _keys(
        Courier.objects.riding_for(Store.objects.filter(pk=order.store_id)).filter(pk__in=ids).values_list("pk")
    )
    problems = []
    for index, courier in enumerate(couriers):
        what = _in_the_way(courier, has_account=courier.id in with_account, rides_for_store=courier.id in of_store)
        if what:
            problems.append(FieldProblem(f"/courier_ids/{index}", *what))
    if problems:
        raise CourierUnavailable(errors=problems)


def _keys(rows: Iterable[tuple[UUID]]) -> set[UUID]:
    return {key for (key,) in rows}


def _in_the_way(courier: Courier, *, has_account: bool, rides_for_store: bool) -> tuple[str, str] | None:
    """The code and the words of what speaks against asking this courier."""
    if not courier.is_active or not has_account:
        return "courier_inactive", "The courier's profile or account is inactive."
    if not rides_for_store:
        return "courier_not_of_store", "The courier does not ride for this store."
    if courier.status == CourierStatus.OFFLINE:
        return "courier_offline", "The courier is offline."
    if courier.is_full:
        return "courier_at_capacity", "The courier has no room for another order."
    return None
