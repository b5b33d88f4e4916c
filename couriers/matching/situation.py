"""What an engine is told. Times are seconds from now, speeds metres per second."""

from dataclasses import dataclass, field
from uuid import UUID

from catalog.geography import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a plan is worth, in seconds of riding, and how long things take.

    A plan costs the riding it adds, and per second: `waiting_weight` for couriers at the counter, `door_weight` until
    goods are at the door, `lateness_weight` past the time for which they were promised.
    """

    waiting_weight: float = 0.2
    door_weight: float = 0.5
    lateness_weight: float = 4.0

    lead_seconds: float = 900
    """Nobody is sent for an order that will be ready later than this."""
    most_orders_at_once: int = 2
    """So many of the waiting orders may become one courier's in one plan, if they have room."""
    second_order_seconds: float = 600
    """What each order after the first is held to cost more, until its route is known."""
    unassigned_seconds: float = 7_200
    """What it costs to leave an order to the next plan, however far its couriers are."""
    next_plan_seconds: float = 300
    """By so much an order that is left is expected to be later."""

    detour_factor: float = 1.3
    """Roads are longer than straight lines."""
    handover_seconds: float = 120
    """At the counter and at the door."""
    farthest_m: float = 15_000
    """Nobody is asked to come from farther away, in a straight line."""

    fresh_seconds: float = 120
    """A position this old is believed."""
    silent_seconds: float = 3_600
    """Who was last heard of so long ago has probably gone home without saying so."""
    unknown_approach_seconds: float = 900
    """How long a courier whose whereabouts are unknown is held to take to any store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """`asked` are the couriers who would not have it."""

    id: UUID
    store_id: UUID
    pickup: Position
    dropoff: Position
    ready_seconds: float
    due_seconds: float
    asked: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A store or a door that a courier still has to go to. Doors have a `due_seconds`, stores may have to get ready."""

    position: Position
    ready_seconds: float | None = None
    due_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCourier:
    """`stores` is None for those who ride for every store; `stops` stand in the order in which they are made.

    `open_offers` are other orders they have been asked to take and may still accept: they take up no capacity, but
    nobody is asked for more than they could carry.
    """

    id: UUID
    metres_per_second: float
    capacity: int
    active_orders: int = 0
    open_offers: int = 0
    is_online: bool = True
    stores: frozenset[UUID] | None = None
    position: Position | None = None
    position_age_seconds: float | None = None
    stops: tuple[Stop, ...] = ()

    @property
    def room(self) -> int:
        return self.capacity - self.active_orders - self.open_offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """In no particular order: an engine's plan does not depend on how its orders and couriers are listed."""

    orders: tuple[WaitingOrder, ...]
    couriers: tuple[KnownCourier, ...]
    rules: Rules = field(default_factory=Rules)
