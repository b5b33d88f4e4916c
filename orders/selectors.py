"""Which orders a user may see, and finding one of them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.roles import Role
from catalog.models import Product, Store
from orders.errors import CustomerNotFound, OrderNotFound
from orders.models import Order, OrderQuerySet, TimelineEntry
from orders.states import OrderStatus


def orders_for(user: User) -> OrderQuerySet:
    """Customers see their own, store staff and integrators their stores', couriers their work and what is open for
    them to take on, dispatchers and administrators everything."""
    if user.sees_all_stores:
        return Order.objects.all()
    if user.role == Role.CUSTOMER:
        return Order.objects.filter(customer=user)
    if user.role == Role.COURIER:
        pool = Store.objects.ridden_for_by(user).filter(open_pool=True)
        waiting = Q(status=OrderStatus.CONFIRMED, store__in=pool)
        return Order.objects.filter(Q(courier_id=user.id) | waiting)
    return Order.objects.filter(store__in=Store.objects.run_by(user))


def with_content(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Everything an order's representation shows, in a fixed number of queries."""
    return orders.select_related("store").prefetch_related("lines", "charges")


def order_for(user: User, order_id: UUID) -> Order:
    """Raises OrderNotFound, for foreign orders too: who may not see one does not learn that it exists."""
    order = with_content(orders_for(user)).filter(id=order_id).first()
    if order is None:
        raise OrderNotFound
    return order


def timeline_of(order: Order) -> QuerySet[TimelineEntry]:
    return order.timeline.order_by("-id")


def customer_for(user: User, customer_id: UUID) -> User:
    """For whom `user` may place an order: themselves, and others for customers. Raises CustomerNotFound."""
    if customer_id == user.id:
        return user
    customer = User.objects.filter(id=customer_id, role=Role.CUSTOMER, is_active=True).first()
    if customer is None or user.role == Role.CUSTOMER:
        raise CustomerNotFound
    return customer


def products_on_sale_for(user: User) -> QuerySet[Product]:
    """What this user may order: anything on sale, but an integrator sells only for its own stores."""
    on_sale = Product.objects.active()
    if user.role == Role.INTEGRATOR:
        return on_sale.filter(store__in=Store.objects.run_by(user))
    return on_sale
