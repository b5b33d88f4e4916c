"""Who sees what of the board: rows are read for everybody at once, and cut down to what each reader may know."""

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from django.urls import reverse

from accounts.models import User
from catalog.models import Store
from tracking.board.rows import Board, CourierRow, Links, OrderRow


@dataclass(frozen=True)
class Viewer:
    """`store_ids` None: all stores, and everybody. Others see their stores' orders, and the couriers who ride for them.

    Where a courier is concerns a store only while they carry one of its orders, and what else they carry never.
    """

    store_ids: frozenset[UUID] | None
    opens_couriers: bool

    @classmethod
    def of(cls, user: User) -> Self:
        stores = None
        if not user.sees_all_stores:
            stores = frozenset(Store.objects.run_by(user).values_list("pk", flat=True))
        return cls(stores, "couriers:read" in user.scopes)

    @property
    def links(self) -> Links:
        couriers = reverse("admin:couriers_courier_changelist") if self.opens_couriers else None
        return Links(orders=reverse("admin:orders_order_changelist"), couriers=couriers)

    def may_see_store(self, store_id: UUID | None) -> bool:
        return self.store_ids is None or store_id in self.store_ids

    def order(self, row: OrderRow | None) -> OrderRow | None:
        return row if row is not None and self.may_see_store(row.store_id) else None

    def courier(self, row: CourierRow | None) -> CourierRow | None:
        if row is None or self.store_ids is None:
            return row
        carried = tuple(order for order in row.carried if order.store_id in self.store_ids)
        if not carried and row.store_ids and self.store_ids.isdisjoint(row.store_ids):
            return None
        theirs = tuple(store_id for store_id in row.store_ids if store_id in self.store_ids)
        if row.store_ids and not theirs:  # empty would say that they ride for every store
            theirs = tuple({order.store_id for order in carried})
        seen = replace(row, carried=carried, store_ids=theirs)
        return seen if carried else replace(seen, position=None, recorded_at=None)

    def board(self, board: Board) -> Board:
        if self.store_ids is None:
            return board
        orders = {key: row for key, row in board.orders.items() if self.order(row)}
        couriers = {key: seen for key, row in board.couriers.items() if (seen := self.courier(row))}
        stores = {key: row for key, row in board.stores.items() if key in self.store_ids}
        return replace(board, orders=orders, couriers=couriers, stores=stores)
