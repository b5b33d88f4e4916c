"""Orders as this app knows them. `operations` registers the page, with their money, courier and events."""

from orders.admin.looks import kitchen_badge, order_link, status_badge
from orders.admin.moves import ORDER_MOVES
from orders.admin.orders import OrderAdmin

__all__ = ["ORDER_MOVES", "OrderAdmin", "kitchen_badge", "order_link", "status_badge"]
