"""What the simulated people know in common: the orders on the board, the stores, and what has happened."""

import asyncio
import random
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime

from events.webhooks.receiving.inbox import Inbox
from operations.simulation.contract import Assignment, Order, Store
from operations.simulation.geography import Place
from operations.simulation.pace import Pace
from operations.simulation.traffic import Traffic

EVENTS_KEPT = 200
FINISHED_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the event log; `status` colours it."""

    at: datetime
    text: str
    status: str


@dataclass(slots=True)
class CourierSeen:
    """A courier as the view shows them."""

    name: str
    online: bool = False
    riding: bool = False


class World:
    """Shared by all people of one run and touched by one event loop only, so it needs no locks."""

    def __init__(self, *, pace: Pace, dice: random.Random, traffic: Traffic) -> None:
        self.pace = pace
        self.dice = dice
        self.traffic = traffic
        self.stores: dict[str, Store] = {}
        self.orders: dict[str, Order] = {}
        self.placed_here: set[str] = set()
        """Orders of this run, as against those of earlier runs or of somebody at a browser."""
        self.ready_minute: dict[str, float] = {}
        """When the kitchen will be done, by order; couriers know it and do not come far too early."""
        self.pins: dict[str, str] = {}
        """What the customer will tell the courier at the door; by order."""
        self.assignments: dict[str, Assignment] = {}
        """Active ones by order, as the dispatcher last saw them."""
        self.offers: list[Assignment] = []
        """What couriers have been asked and not answered, as the dispatcher last saw it."""
        self.nearly_sold_out: set[str] = set()
        """Products customers found few pieces of."""
        self.stock_added: Counter[str] = Counter()
        """Pieces the stores' staff put on the shelf during the run; by product."""
        self.couriers: dict[str, CourierSeen] = {}
        self.happenings: deque[Happening] = deque(maxlen=EVENTS_KEPT)
        self.told = 0
        self.wishes_fulfilled = 0
        self.last_change = pace.elapsed_seconds
        self.phase = "starting"
        self.webhooks: Inbox | None = None
        """What arrives at the integrator's, if there is one."""
        self._open: dict[str, Order] = {}
        self._finished: deque[Order] = deque(maxlen=FINISHED_SHOWN)
        self._ends: Counter[str] = Counter()
        self._looks = asyncio.Condition()

    def place_of(self, order: Order) -> Place:
        """Where the order is fetched."""
        return self.stores[order.store_id].place

    def knows_way_of(self, order_id: str) -> bool:
        """Whether the order and its store have been seen; at the next look at the latest they will have been."""
        order = self.orders.get(order_id)
        return order is not None and order.store_id in self.stores

    def saw(self, order: Order) -> None:
        """Take note of an order, unless something newer is known of it."""
        known = self.orders.get(order.id)
        if known is not None and known.version >= order.version:
            return
        if known is not None and order.tracking_url is None:
            order = replace(order, tracking_url=known.tracking_url)  # couriers are not shown it
        self.orders[order.id] = order
        self._open.pop(order.id, None)
        if not order.is_final:
            self._open[order.id] = order  # last: the dictionary's order is that of the latest changes
        elif order.id in self.placed_here:
            self._finished.append(order)
            self._ends[order.status] += 1
        self.last_change = self.pace.elapsed_seconds
        if known is None or known.status != order.status:
            self._tell_of(order)

    def open_orders(self) -> list[Order]:
        """Those changed last come last."""
        return list(self._open.values())

    def recent(self) -> list[Order]:
        """Open orders and this run's latest final ones; those changed last come last."""
        return [*self._finished, *self._open.values()]

    def followed(self) -> Order | None:
        """One whose customer's page is worth a look: the same one until it has ended."""
        carried = (order for order in self._open.values() if order.tracking_url)
        return min(carried, key=lambda order: order.created_at, default=None)

    def own_orders(self) -> list[Order]:
        return [self.orders[order_id] for order_id in self.placed_here]

    def counts(self) -> Counter[str]:
        """Orders by status: all open ones, and the final ones of this run."""
        return self._ends + Counter(order.status for order in self._open.values())

    def tell(self, text: str, *, status: str = "") -> None:
        """Add a line to the log."""
        self.happenings.append(Happening(datetime.now().astimezone(), text, status))
        self.told += 1

    async def looked(self) -> None:
        """The board has been read anew: wake everybody who waits for it."""
        async with self._looks:
            self._looks.notify_all()

    async def next_look(self) -> None:
        """Until the board has been read anew."""
        async with self._looks:
            await self._looks.wait()

    def _tell_of(self, order: Order) -> None:
        courier = self.couriers.get(order.courier_id or "")
        by = f" by {courier.name}" if courier else ""
        age = self.pace.minutes((datetime.now().astimezone() - order.created_at).total_seconds())
        text = {
            "created": f"placed: {order.total} {order.currency}, {self._store_name(order)}",
            "paid": "paid",
            "confirmed": f"confirmed by {self._store_name(order)}",
            "assigned": f"accepted{by}",
            "picked_up": f"picked up{by}",
            "delivered": f"delivered{by}, {age:.1f} min",
            "failed": f"could not be delivered{by}",
            "cancelled": f"cancelled, {age:.1f} min",
        }[order.status]
        self.tell(f"{order.short_number} {text}", status=order.status)

    def _store_name(self, order: Order) -> str:
        store = self.stores.get(order.store_id)
        return store.name if store else "a store"
