"""Many orders change hands at once, as dispatchers decide it on their board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from accounts.actors import Actor
from api.errors import CataloguedError
from api.etags import check_version
from api.inserting import inserts_together
from api.transactions import transactional
from couriers.constraints import refusing_double_booking
from couriers.locks import lock_couriers
from couriers.models import Assignment, Courier
from couriers.selectors import active_assignments
from couriers.services.assigning import give, refuse_unfit, refuse_unless_free_to_go, take_back
from couriers.services.booking import refuse_unless_free
from orders.errors import OrderNotFound
from orders.locks import lock_orders
from orders.models import Order
from orders.services.moving import refuse_move, refuse_unless_allowed
from orders.states import OrderStatus


@dataclass(frozen=True, kw_only=True)
class Handing:
    """Who should have an order that was seen at this version; None: nobody, so that it waits again."""

    order_id: UUID
    version: int
    courier_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What has become of it. `version` is the order's now, None where there is no such order."""

    handing: Handing
    version: int | None
    former_courier_id: UUID | None = None
    has_moved: bool = False
    refusal: CataloguedError | None = None


@refusing_double_booking
@transactional
def hand_over(handings: Sequence[Handing], *, actor: Actor, reason: str = "") -> list[Handed]:
    """Each by itself: what is refused keeps nothing else from being done. What is so already is done.

    One transaction for all, because fifty of their own take several times as long. First all orders are locked, by
    id, then all couriers, by id; the assignments are guarded by their orders. `reason` stays in the timelines of those
    that are taken back. Raises CourierNotFound.
    """
    orders = lock_orders(handing.order_id for handing in handings)
    active = active_assignments(orders)
    wanted = {handing.courier_id for handing in handings if handing.courier_id}
    couriers = lock_couriers(wanted | {assignment.courier_id for assignment in active.values()})
    desk = _Desk(orders=orders, active=active, couriers=couriers, actor=actor, reason=reason)
    with inserts_together():
        return [desk.hand(handing) for handing in handings]


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """Everything is locked. What is written is noted here too, so that nothing is read twice."""

    orders: Mapping[UUID, Order]
    active: dict[UUID, Assignment]
    couriers: Mapping[UUID, Courier]
    actor: Actor
    reason: str
    _fit: set[tuple[UUID, UUID]] = field(default_factory=set)

    def hand(self, handing: Handing) -> Handed:
        order = self.orders.get(handing.order_id)
        if order is None:
            return Handed(handing=handing, version=None, refusal=OrderNotFound())
        active = self.active.get(order.pk)
        former = active.courier_id if active else None
        if former == handing.courier_id and (former or order.status == OrderStatus.CONFIRMED):
            return Handed(handing=handing, version=order.version, former_courier_id=former)
        try:
            check_version(order.version, handing.version)
            self._refuse_unless_open(order, active, handing=handing)
        except CataloguedError as refusal:
            return Handed(handing=handing, version=order.version, former_courier_id=former, refusal=refusal)
        self._move(order, active, handing=handing)
        return Handed(handing=handing, version=order.version, former_courier_id=former, has_moved=True)

    def _refuse_unless_open(self, order: Order, active: Assignment | None, *, handing: Handing) -> None:
        """Everything that could be in the way: a refusal after the first write would leave half a move."""
        if handing.courier_id is not None:
            courier = self.couriers[handing.courier_id]
            refuse_unless_free_to_go(order, active, actor=self.actor)
            refuse_unless_free(courier)
            self._refuse_unfit(courier, store_id=order.store_id)
        elif active is None:
            raise refuse_move(order, to=OrderStatus.CONFIRMED, actor=self.actor)
        else:
            refuse_unless_allowed(order, to=OrderStatus.CONFIRMED, actor=self.actor)

    def _move(self, order: Order, active: Assignment | None, *, handing: Handing) -> None:
        if active:
            self.couriers[active.courier_id].active_orders -= 1
        if handing.courier_id is not None:
            courier = self.couriers[handing.courier_id]
            self.active[order.pk] = give(order, courier=courier, active=active, actor=self.actor)
            courier.active_orders += 1
        elif active:
            take_back(order, active=active, actor=self.actor, reason=self.reason)
            del self.active[order.pk]

    def _refuse_unfit(self, courier: Courier, *, store_id: UUID) -> None:
        if (courier.pk, store_id) not in self._fit:
            refuse_unfit(courier, store_id=store_id)
            self._fit.add((courier.pk, store_id))
