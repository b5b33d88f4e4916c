"""Which couriers and assignments a user may see, and what is known of who carries an order."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from catalog.models import Store
from couriers.errors import AssignmentNotFound, CourierNotFound
from couriers.models import Assignment, Courier, CourierQuerySet
from orders.errors import OrderNotFound
from orders.models import Order


def couriers_for(user: User) -> CourierQuerySet:
    """Dispatchers and administrators see everybody, others those who may ride for their stores.

    Each comes with `contact_visible`: where a courier is and how to call them concerns a store only while the courier
    carries one of its orders.
    """
    if user.sees_all_stores:
        return Courier.objects.annotate(contact_visible=Value(True))
    stores = Store.objects.run_by(user)
    carrying_for_them = Assignment.objects.active().filter(courier=OuterRef("pk"), order__store__in=stores)
    return Courier.objects.riding_for(stores).annotate(contact_visible=Exists(carrying_for_them))


def courier_for(user: User, courier_id: UUID) -> Courier:
    """Raises CourierNotFound."""
    courier = couriers_for(user).filter(pk=courier_id).first()
    if courier is None:
        raise CourierNotFound
    return courier


def own_courier(user: User) -> Courier:
    """The courier this user is. Raises CourierNotFound for everybody else, staff with their scope included."""
    courier = Courier.objects.filter(pk=user.pk).annotate(contact_visible=Value(True)).first()
    if courier is None:
        raise CourierNotFound
    return courier


def rides_for(courier: Courier, *, store_id: UUID) -> bool:
    return Courier.objects.riding_for(Store.objects.filter(pk=store_id)).filter(pk=courier.pk).exists()


def order_to_carry(user: User, order_id: UUID) -> Order:
    """An order of a store this courier rides for, in whatever state: who comes too late is told so.

    Raises OrderNotFound.
    """
    order = Order.objects.filter(pk=order_id, store__in=Store.objects.ridden_for_by(user)).first()
    if order is None:
        raise OrderNotFound
    return order


def assignments_for(user: User) -> QuerySet[Assignment]:
    """Couriers see their own, dispatchers and administrators all, others those of their stores' orders."""
    assignments = Assignment.objects.select_related("order")
    if user.sees_all_stores:
        return assignments
    if user.role == Role.COURIER:
        return assignments.filter(courier_id=user.pk)
    return assignments.filter(order__store__in=Store.objects.run_by(user))


def assignment_for(user: User, assignment_id: UUID) -> Assignment:
    """Raises AssignmentNotFound, for other people's too."""
    assignment = assignments_for(user).filter(pk=assignment_id).first()
    if assignment is None:
        raise AssignmentNotFound
    return assignment


def carried_by(courier: Courier) -> QuerySet[Assignment]:
    """What they have in hand, in the order in which they took it on."""
    carried = Assignment.objects.active().filter(courier=courier)
    return carried.select_related("order__store").order_by("accepted_at", "pk")


def open_offers_for(courier: Courier) -> QuerySet[Assignment]:
    """What this courier may accept now, with where it is fetched and where it goes."""
    offers = Assignment.objects.open_at(timezone.now()).filter(courier=courier)
    return offers.select_related("order__store")


def assignment_holding(order: Order) -> Assignment | None:
    """Who has the order in hand, or brought it. Final only under the order's lock."""
    return Assignment.objects.held().filter(order=order).select_related("order").first()


def is_with_another(order_id: UUID, *, courier_id: UUID) -> bool:
    return Assignment.objects.active().filter(order_id=order_id).exclude(courier_id=courier_id).exists()


def active_assignment(order: Order) -> Assignment | None:
    """Who has the order in hand. Final only under the order's lock."""
    return Assignment.objects.active().filter(order=order).select_related("order").first()


def active_assignments(order_ids: Iterable[UUID]) -> dict[UUID, Assignment]:
    """By order. Final only under the orders' locks."""
    active = Assignment.objects.active().filter(order_id__in=set(order_ids))
    return {assignment.order_id: assignment for assignment in active}


def latest_assignment(order: Order) -> Assignment | None:
    """Who has, or had, the order last; who was only asked does not count. Final only under the order's lock."""
    taken = Assignment.objects.filter(order=order, accepted_at__isnull=False)
    return taken.select_related("order").order_by("-pk").first()
