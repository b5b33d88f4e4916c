"""Who couriers are, and whether they are at work."""

from dataclasses import dataclass
from typing import TypedDict, Unpack
from uuid import UUID

from accounts.errors import UserNotFound
from accounts.models import User
from accounts.roles import Role
from api.errors import FieldProblem
from api.etags import check_version
from api.transactions import transactional
from couriers.errors import CapacityBelowActiveOrders, CourierExists, CourierInactive, NotACourier
from couriers.locks import lock_courier
from couriers.models import Courier
from couriers.states import CourierStatus
from events.envelopes import Subject
from events.publishing import publish


@dataclass(frozen=True, kw_only=True)
class UserReference:
    """An account, named by its id or by its e-mail address."""

    user_id: UUID | None = None
    email: str | None = None


class Profile(TypedDict, total=False):
    """What may be given when a profile is made; what is not given keeps its default."""

    name: str
    phone: str
    vehicle: str
    capacity: int
    top_speed_kmh: int | None


class ProfileChanges(Profile, total=False):
    is_active: bool


@transactional
def add_courier(reference: UserReference, **profile: Unpack[Profile]) -> Courier:
    """Raises UserNotFound, NotACourier, CourierExists."""
    user = _courier_account(reference)
    courier, is_new = Courier.objects.get_or_create(user=user, defaults=dict(profile))
    if not is_new:
        raise CourierExists(courier_id=str(courier.id))
    return courier


def _courier_account(reference: UserReference) -> User:
    if reference.user_id is not None:
        pointer, user = "/user_id", User.objects.filter(pk=reference.user_id).first()
    else:
        pointer, user = "/email", User.objects.filter(email=(reference.email or "").strip().lower()).first()
    if user is None:
        raise UserNotFound(errors=[FieldProblem(pointer, "unknown_user", "There is no such user.")])
    if user.role != Role.COURIER:
        raise NotACourier(errors=[FieldProblem(pointer, "not_a_courier", "The user's role is not courier.")])
    return user


@transactional
def change_courier(
    courier_id: UUID, *, expected_version: int | None = None, **changes: Unpack[ProfileChanges]
) -> Courier:
    """Deactivating a courier also ends their shift; what they carry stays theirs to bring.

    Raises CourierNotFound, PreconditionFailed, CapacityBelowActiveOrders.
    """
    courier = lock_courier(courier_id)
    check_version(courier.version, expected_version)
    _refuse_small_capacity(courier, capacity=changes.get("capacity", courier.capacity))
    for name, value in changes.items():
        setattr(courier, name, value)
    ends_shift = not courier.is_active and courier.status == CourierStatus.AVAILABLE
    if ends_shift:
        courier.status = CourierStatus.OFFLINE
    _save(courier, status_changed=ends_shift)
    return courier


def _refuse_small_capacity(courier: Courier, *, capacity: int) -> None:
    if capacity < courier.active_orders:
        problem = FieldProblem("/capacity", "capacity_below_active_orders", "Less than they carry at the moment.")
        raise CapacityBelowActiveOrders(errors=[problem], active_orders=courier.active_orders)


@transactional
def set_status(courier_id: UUID, *, status: CourierStatus, expected_version: int | None = None) -> Courier:
    """A courier comes online or goes. Going while carrying is allowed: it means no new work.

    Saying again what is so already changes nothing. Raises CourierNotFound, PreconditionFailed, CourierInactive.
    """
    courier = lock_courier(courier_id)
    if courier.status == status:
        return courier
    check_version(courier.version, expected_version)
    if status == CourierStatus.AVAILABLE and not courier.is_active:
        raise CourierInactive
    courier.status = status
    _save(courier, status_changed=True)
    return courier


def _save(courier: Courier, *, status_changed: bool) -> None:
    """The position is left alone: it moves without the courier's lock."""
    courier.version += 1
    fields = ["name", "phone", "vehicle", "capacity", "top_speed_kmh", "is_active", "status", "version", "updated_at"]
    courier.save(update_fields=fields)
    if status_changed:
        what = "online" if courier.status == CourierStatus.AVAILABLE else "offline"
        publish(f"courier.{what}", subject=Subject("courier", courier.id, courier.version))
