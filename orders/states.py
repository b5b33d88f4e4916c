"""The order's way: its states, the moves between them, and who may make each. Pure data and functions."""

from dataclasses import dataclass

from django.db.models import TextChoices

from accounts.actors import ActorKind


class OrderStatus(TextChoices):
    CREATED = "created", "Created"
    PAID = "paid", "Paid"
    CONFIRMED = "confirmed", "Confirmed"
    ASSIGNED = "assigned", "Assigned"
    PICKED_UP = "picked_up", "Picked up"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


S = OrderStatus
_CUSTOMER, _COURIER = ActorKind.CUSTOMER, ActorKind.COURIER
_SYSTEM, _PROVIDER, _INTEGRATOR = ActorKind.SYSTEM, ActorKind.PROVIDER, ActorKind.INTEGRATOR
_STAFF = ActorKind.STAFF


@dataclass(frozen=True)
class Transition:
    source: OrderStatus
    target: OrderStatus
    by: frozenset[ActorKind]


def _may(source: OrderStatus, target: OrderStatus, *by: ActorKind) -> Transition:
    return Transition(source, target, frozenset(by))


# An integrator acts for the stores it is a member of, so it may do what their staff may until a courier is involved.
TRANSITIONS = (
    _may(S.CREATED, S.PAID, _PROVIDER, _INTEGRATOR),
    _may(S.CREATED, S.CONFIRMED, _STAFF, _INTEGRATOR, _SYSTEM),
    _may(S.CREATED, S.CANCELLED, _CUSTOMER, _STAFF, _INTEGRATOR, _SYSTEM),
    _may(S.PAID, S.CONFIRMED, _STAFF, _INTEGRATOR, _SYSTEM),
    _may(S.PAID, S.CANCELLED, _CUSTOMER, _STAFF, _INTEGRATOR),
    _may(S.CONFIRMED, S.ASSIGNED, _COURIER, _STAFF),
    _may(S.CONFIRMED, S.CANCELLED, _STAFF, _INTEGRATOR),
    _may(S.ASSIGNED, S.CANCELLED, _STAFF, _INTEGRATOR),
    _may(S.ASSIGNED, S.CONFIRMED, _STAFF, _COURIER),
    _may(S.ASSIGNED, S.PICKED_UP, _COURIER, _STAFF),
    _may(S.PICKED_UP, S.DELIVERED, _COURIER, _STAFF),
    _may(S.PICKED_UP, S.FAILED, _COURIER, _STAFF),
    _may(S.FAILED, S.CONFIRMED, _STAFF),
    _may(S.FAILED, S.CANCELLED, _STAFF),
)

INITIAL = S.CREATED
FINAL = frozenset({S.DELIVERED, S.CANCELLED})
UNPAID = frozenset({S.CREATED})
ACTIVE = frozenset(set(S) - FINAL)
BEFORE_PICKUP = frozenset({S.CREATED, S.PAID, S.CONFIRMED, S.ASSIGNED})
WITH_COURIER = frozenset({S.ASSIGNED, S.PICKED_UP})

_BY_PAIR = {(transition.source, transition.target): transition for transition in TRANSITIONS}


def find_transition(source: str, target: str) -> Transition | None:
    return _BY_PAIR.get((OrderStatus(source), OrderStatus(target)))


def is_allowed(source: str, target: str, *, by: ActorKind) -> bool:
    transition = find_transition(source, target)
    return transition is not None and by in transition.by


def allowed_targets(source: str, *, by: ActorKind) -> list[str]:
    return [t.target.value for t in TRANSITIONS if t.source == source and by in t.by]
