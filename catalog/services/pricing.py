from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from catalog.geography import Position, distance_m
from catalog.models import Store

CENT: Final = Decimal("0.01")
METRES_PER_KM: Final = 1000


def delivery_fee(store: Store, *, dropoff: Position | None) -> Decimal:
    """Base fee and a price for the straight line, to the metre, rounded half up; the base fee alone while it is
    not known where the order goes."""
    if dropoff is None:
        return Decimal(store.delivery_base_fee).quantize(CENT)
    metres = round(distance_m(Position(store.latitude, store.longitude), dropoff))
    fee = store.delivery_base_fee + store.delivery_fee_per_km * metres / METRES_PER_KM
    return Decimal(fee).quantize(CENT, rounding=ROUND_HALF_UP)
