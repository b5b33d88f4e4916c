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


class PaymentMethod(TextChoices):
    ONLINE = "online", "Online"
    EXTERNAL = "external", "Charged by the shop"
    CASH = "cash", "Cash at the door"


S = OrderStatus
_CUSTOMER, _COURIER = ActorKind.CUSTOMER, ActorKind.COURIER
_SYSTEM, _PROVIDER, _INTEGRATOR = ActorKind.SYSTEM, ActorKind.PROVIDER, ActorKind.INTEGRATOR
_STAFF = ActorKind.STAFF


ANY_METHOD = frozenset(PaymentMethod)
CASH = frozenset({PaymentMethod.CASH})
BEFOREHAND = ANY_METHOD - CASH


@dataclass(frozen=True)
class Transition:
    """A move, who may make it, and for orders of which payment methods."""

    source: OrderStatus
    target: OrderStatus
    by: frozenset[ActorKind]
    methods: frozenset[PaymentMethod] = ANY_METHOD


def _may(
    source: OrderStatus, target: OrderStatus, *by: ActorKind, methods: frozenset[PaymentMethod] = ANY_METHOD
) -> Transition:
    return Transition(source, target, frozenset(by), methods)


# An integrator acts for the stores it is a member of, so it may do what their staff may until a courier is involved.
TRANSITIONS = (
    _may(S.CREATED, S.PAID, _PROVIDER, _INTEGRATOR, methods=BEFOREHAND),
    _may(S.CREATED, S.CONFIRMED, _STAFF, _INTEGRATOR, _SYSTEM, methods=CASH),
    _may(S.CREATED, S.CANCELLED, _CUSTOMER, _STAFF, _INTEGRATOR, _SYSTEM, _PROVIDER),
    _may(S.PAID, S.CONFIRMED, _STAFF, _INTEGRATOR, _SYSTEM),
    _may(S.PAID, S.CANCELLED, _CUSTOMER, _STAFF, _INTEGRATOR),
    _may(S.CONFIRMED, S.ASSIGNED, _COURIER, _STAFF),
    _may(S.CONFIRMED, S.CANCELLED, _STAFF, _INTEGRATOR),
    _may(S.ASSIGNED, S.CONFIRMED, _STAFF, _COURIER),
    _may(S.ASSIGNED, S.CANCELLED, _STAFF, _INTEGRATOR),
    _may(S.ASSIGNED, S.PICKED_UP, _COURIER, _STAFF),
    _may(S.PICKED_UP, S.DELIVERED, _COURIER, _STAFF),
    _may(S.PICKED_UP, S.FAILED, _COURIER, _STAFF),
    _may(S.FAILED, S.CONFIRMED, _STAFF),
    _may(S.FAILED, S.CANCELLED, _STAFF),
)

FINAL = frozenset({S.DELIVERED, S.CANCELLED})
ACTIVE = frozenset(set(S) - FINAL)
BEFORE_PICKUP = frozenset({S.CREATED, S.PAID, S.CONFIRMED, S.ASSIGNED})
BEFORE_CONFIRMATION = frozenset({S.CREATED, S.PAID})
IN_PREPARATION = frozenset({S.CONFIRMED, S.ASSIGNED})
WITH_COURIER = frozenset({S.ASSIGNED, S.PICKED_UP})
ON_ITS_WAY = frozenset({S.PAID, S.CONFIRMED, *WITH_COURIER})


def allowed_targets(source: str, *, by: ActorKind, method: str) -> list[str]:
    """The states an actor of this kind may move an order to now."""
    return [t.target.value for t in TRANSITIONS if t.source == source and by in t.by and method in t.methods]
