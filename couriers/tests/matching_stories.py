"""Situations to match: told by hand, or drawn by Hypothesis."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from catalog.geography import Position
from couriers.matching.situation import KnownCourier, Rules, Situation, Stop, WaitingOrder

METRES_PER_DEGREE = 111_195.0
STORE, OTHER_STORE = UUID(int=901), UUID(int=902)


def east(metres: float, *, north: float = 0.0) -> Position:
    """On the equator, where a degree is as long either way."""
    return Position(north / METRES_PER_DEGREE, metres / METRES_PER_DEGREE)


def order(number: int, *, at: float = 0, to: float = 1_000, **fields: Any) -> WaitingOrder:
    """Fetched and brought at so many metres along a road."""
    timing = {"ready_seconds": 0.0, "due_seconds": 3_600.0}
    return WaitingOrder(
        **{"id": UUID(int=number), "store_id": STORE, "pickup": east(at), "dropoff": east(to), **timing, **fields}
    )


def courier(number: int, *, at: float | None = 0, **fields: Any) -> KnownCourier:
    """Ten metres a second, room for one."""
    position = None if at is None else east(at)
    age = None if at is None else 0.0
    known = {"metres_per_second": 10.0, "capacity": 1, "position": position, "position_age_seconds": age}
    return KnownCourier(**{"id": UUID(int=number), **known, **fields})


def situation(orders: list[WaitingOrder], couriers: list[KnownCourier], **rules: Any) -> Situation:
    """Straight roads and nothing to be handed over, unless the rules say so."""
    plain = {"detour_factor": 1.0, "handover_seconds": 0.0}
    return Situation(orders=tuple(orders), couriers=tuple(couriers), rules=Rules(**{**plain, **rules}))


PLACES = st.builds(
    Position, st.integers(-300, 300).map(lambda n: n / 10_000), st.integers(-300, 300).map(lambda n: n / 10_000)
)
TIMES = st.integers(-1_800, 3_600).map(float)
STOPS = st.one_of(
    st.builds(Stop, position=PLACES, ready_seconds=TIMES), st.builds(Stop, position=PLACES, due_seconds=TIMES)
)
STORES = st.sampled_from([STORE, OTHER_STORE])


def _orders(courier_ids: list[UUID]) -> st.SearchStrategy[list[WaitingOrder]]:
    asked = st.frozensets(st.sampled_from(courier_ids), max_size=2) if courier_ids else st.just(frozenset())
    one = st.builds(
        WaitingOrder,
        id=st.uuids(version=4),
        store_id=STORES,
        pickup=PLACES,
        dropoff=PLACES,
        ready_seconds=TIMES,
        due_seconds=TIMES,
        asked=asked,
    )
    return st.lists(one, max_size=8, unique_by=lambda drawn: drawn.id)


@st.composite
def _couriers(draw: st.DrawFn, *, most_room: int) -> KnownCourier:
    position = draw(st.one_of(st.none(), PLACES))
    active = draw(st.integers(0, 2))
    return KnownCourier(
        id=draw(st.uuids(version=4)),
        metres_per_second=draw(st.sampled_from([1.4, 4.2, 6.1])),
        capacity=active + draw(st.integers(0, most_room)),
        active_orders=active,
        open_offers=draw(st.integers(0, 1)),
        is_online=draw(st.booleans() | st.just(True)),
        stores=draw(st.one_of(st.none(), st.frozensets(STORES, min_size=1))),
        position=position,
        position_age_seconds=draw(st.integers(0, 5_000).map(float)) if position else None,
        stops=tuple(draw(st.lists(STOPS, min_size=active, max_size=active))),
    )


@st.composite
def situations(draw: st.DrawFn, *, most_room: int = 3) -> Situation:
    drawn = st.lists(_couriers(most_room=most_room), max_size=6, unique_by=lambda one: one.id)
    couriers = draw(drawn)
    orders = draw(_orders([one.id for one in couriers]))
    return Situation(orders=tuple(orders), couriers=tuple(couriers))
