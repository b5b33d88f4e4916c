"""Whether the shelves add up: what was there, less what was sold, is what is there now. All seen through the API."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from operations.simulation.client import Client
from operations.simulation.contract import OPEN_STATUSES, Order, Product, TimelineEntry
from operations.simulation.paging import everything

ATTEMPTS = 10


class Unsteady(Exception):
    """Orders changed under every attempt to count."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """Stock and names by product, and the orders that had a part in it, at one moment."""

    stock: Mapping[str, int]
    names: Mapping[str, str]
    orders: Mapping[str, Order]

    @property
    def newest_order_id(self) -> str:
        """Ids sort by time of creation."""
        return max(self.orders, default="")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    product: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Stocktaking:
    """Nothing may be left in `discrepancies`."""

    pieces_given_back: int
    orders_given_back: int
    discrepancies: tuple[Discrepancy, ...]


async def count_shelves(client: Client, *, since: Shelves | None = None) -> Shelves:
    """Counted while no order changed; knows the open orders and those newer than an earlier count. Raises Unsteady."""
    before = await _orders(client, since)
    for _ in range(ATTEMPTS):
        products = [Product.read(row) async for row in everything(client, "/api/v2/products")]
        after = await _orders(client, since)
        if _statuses(before) == _statuses(after):
            return Shelves(
                stock={product.id: product.stock for product in products},
                names={product.id: product.name for product in products},
                orders=after,
            )
        before = after
    raise Unsteady("orders kept changing while the shelves were counted")


async def compare(client: Client, *, before: Shelves, after: Shelves, added: Mapping[str, int]) -> Stocktaking:
    """Explain the difference between two counts by the orders between them and the pieces `added` by hand."""
    settled = {order.id for order in before.orders.values() if order.is_final}
    returned = [o for o in after.orders.values() if o.id not in settled and await _went_back(client, o)]
    given_back = _pieces(returned)
    sold = _pieces(order for order in after.orders.values() if order.id not in before.orders)
    discrepancies = []
    for product_id, found in after.stock.items():
        if product_id not in before.stock:
            continue
        expected = before.stock[product_id] + added.get(product_id, 0) - sold[product_id] + given_back[product_id]
        if expected != found:
            discrepancies.append(Discrepancy(after.names[product_id], expected, found))
    return Stocktaking(sum(given_back.values()), len(returned), tuple(discrepancies))


async def _orders(client: Client, since: Shelves | None) -> dict[str, Order]:
    """The open ones; and, given an earlier count, all that were open then or came after it."""
    found = {
        row["id"]: Order.read(row)
        async for row in everything(client, "/api/v2/orders", {"status": list(OPEN_STATUSES)})
    }
    if since is None:
        return found | await _latest(client)
    async for row in everything(client, "/api/v2/orders"):
        if row["id"] <= since.newest_order_id:
            break
        found[row["id"]] = Order.read(row)
    for order_id, order in since.orders.items():
        if order_id not in found and not order.is_final:
            found[order_id] = Order.read((await client.get(f"/api/v2/orders/{order_id}")).body)
    return found


async def _latest(client: Client) -> dict[str, Order]:
    """The newest order, whatever became of it: the mark from which a later count starts."""
    rows = (await client.get("/api/v2/orders", {"limit": 1})).body["results"]
    return {row["id"]: Order.read(row) for row in rows}


async def _went_back(client: Client, order: Order) -> bool:
    """Cancelled goods go back on the shelf unless they had left the store."""
    if order.status != "cancelled":
        return False
    rows = everything(client, f"/api/v2/orders/{order.id}/timeline")
    return not any([TimelineEntry.read(row).status == "picked_up" async for row in rows])


def _statuses(orders: Mapping[str, Order]) -> dict[str, str]:
    return {order_id: order.status for order_id, order in orders.items()}


def _pieces(orders: Iterable[Order]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for order in orders:
        for line in order.lines:
            pieces[line.product_id] += line.quantity
    return pieces
