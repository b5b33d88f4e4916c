"""What needs somebody and is not stuck: it is late, silent, low or switched off."""

from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.text import Truncator

from accounts.admin_base.display import change_list_url, change_url
from catalog.models import Product
from couriers.models import Courier
from couriers.selectors import couriers_for
from events.models import DeliveryState, EventDelivery, WebhookEndpoint
from operations.admin.stuck.cases import Case, Desk, Kind, Named
from operations.admin.stuck.orders import OrderKind
from orders.models import Order
from orders.selectors import orders_for
from orders.states import OrderStatus

STANDS: Final = {
    OrderStatus.PAID: "The store has not confirmed it.",
    OrderStatus.CONFIRMED: "Nobody has accepted it.",
    OrderStatus.PICKED_UP: "It is on its way to the door.",
}


class LateOrders(OrderKind):
    key, title = "late", "Late"
    meaning = "Past the time by which they should have been at the door, and not there."
    oldest_first = "created_at"

    def rows(self, desk: Desk) -> QuerySet[Order]:
        return orders_for(desk.user).late_at(desk.now)

    def shown(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        name = Courier.objects.filter(pk=OuterRef("courier_id")).values("name")
        return super().shown(rows).annotate(courier_name=Subquery(name))

    def case(self, row: Any, *, desk: Desk) -> Case:
        buttons = desk.buttons(row, "confirm", "assign", "reassign")
        leads_to_courier = not buttons and row.courier_id and desk.may("couriers:read")
        return Case(
            order=row,
            since=row.due_at,
            happened=self._stands(row),
            buttons=buttons,
            links=[(row.courier_name, change_url(Courier, row.courier_id))] if leads_to_courier else [],
        )

    @staticmethod
    def _stands(order: Any) -> str:
        if order.status == OrderStatus.ASSIGNED:
            where = "waits at the counter" if order.ready_at else "is still being prepared"
            return f"{order.courier_name} has accepted it; it {where}."
        return STANDS[OrderStatus(order.status)]


class SilentCouriers(Kind):
    key, title, scope = "silent-couriers", "Couriers not heard of", "couriers:read"
    meaning = "At work, and their position is older than five minutes."
    oldest_first = "position_recorded_at"

    def rows(self, desk: Desk) -> QuerySet[Courier]:
        return couriers_for(desk.user).silent_at(desk.now)

    def case(self, row: Courier, *, desk: Desk) -> Case:
        assert row.position_recorded_at is not None
        carries = f"Carries {row.active_orders} of {row.capacity}." if row.active_orders else "Carries nothing."
        return Case(
            order=None,
            about=Named(name=row.name, url=change_url(Courier, row.pk), detail=row.get_vehicle_display()),
            since=row.position_recorded_at,
            happened=f"{carries} {row.phone}".strip(),
            buttons=desk.buttons(row, "offline"),
        )


class LowStock(Kind):
    """What is left stands in the place of an age: nobody waits for it yet."""

    key, title, scope = "low-stock", "Low in stock", "catalog:read"
    meaning = "At or below the number at which their store wants to be told."
    advice = "Their store can receive more."
    oldest_first = "stock"

    def rows(self, desk: Desk) -> QuerySet[Product]:
        low = Q(is_active=True, store__is_active=True, stock__lte=F("low_stock_threshold"))
        return Product.objects.run_by(desk.user).filter(low)

    def shown(self, rows: QuerySet[Product]) -> QuerySet[Product]:
        return rows.select_related("store")

    def case(self, row: Product, *, desk: Desk) -> Case:
        return Case(
            order=None,
            about=Named(name=row.name, url=change_url(Product, row.pk), detail=row.store.name),
            since=row.updated_at,
            age=f"{row.stock} left" if row.stock else "Sold out",
            happened=f"To be told of at {row.low_stock_threshold}.",
            buttons=desk.buttons(row, "stock"),
        )


class DisabledEndpoints(Kind):
    key, title, scope = "disabled-endpoints", "Webhook endpoints switched off", "webhooks:manage"
    meaning = "They failed for so long that nothing is sent to them any more."
    oldest_first = "updated_at"

    def rows(self, desk: Desk) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.kept().filter(is_active=False).exclude(disabled_reason="")

    def shown(self, rows: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        return rows.select_related("owner")

    def case(self, row: WebhookEndpoint, *, desk: Desk) -> Case:
        name = Truncator(str(row)).chars(40)
        return Case(
            order=None,
            about=Named(name=name, url=change_url(WebhookEndpoint, row.pk), detail=str(row.owner)),
            since=row.failing_since or row.updated_at,
            happened=f"{row.disabled_reason[:1].upper()}{row.disabled_reason[1:]}",
            buttons=desk.buttons(row, "enable"),
        )


class DeadLetters(Kind):
    """All, also those of other things than orders, and of endpoints outside."""

    key, title, scope = "dead-letters", "Dead letters", "events:read"
    meaning = "Events that a part of the platform, or somebody's endpoint, did not take after all attempts."
    oldest_first = "id"

    def rows(self, desk: Desk) -> QuerySet[EventDelivery]:
        return EventDelivery.objects.filter(state=DeliveryState.DEAD)

    def shown(self, rows: QuerySet[EventDelivery]) -> QuerySet[EventDelivery]:
        return rows.select_related("event", "endpoint")

    def case(self, row: EventDelivery, *, desk: Desk) -> Case:
        destination = str(row.endpoint) if row.endpoint else row.destination
        return Case(
            order=None,
            about=Named(name=row.event.type, url=change_url(EventDelivery, row.pk), detail=f"for {destination}"),
            since=row.event.occurred_at,
            happened=Truncator(row.last_error).chars(120),
            buttons=desk.buttons(row, "redrive", "discard"),
        )


def late_orders_url() -> str:
    return change_list_url(Order, time="late")


def silent_couriers_url() -> str:
    return change_list_url(Courier, position="silent")


def low_stock_url() -> str:
    return change_list_url(Product, stock="low", is_active__exact=1)


def disabled_endpoints_url() -> str:
    return change_list_url(WebhookEndpoint, health="inactive")


def dead_letters_url() -> str:
    return change_list_url(EventDelivery, state__exact=DeliveryState.DEAD.value)
