from decimal import Decimal

import pytest

from catalog.geography import Position
from catalog.models import Store
from catalog.services.pricing import delivery_fee

ONE_KM_NORTH = Position(52.528993, 13.405)


def store(base: str, per_km: str) -> Store:
    return Store(latitude=52.52, longitude=13.405, delivery_base_fee=Decimal(base), delivery_fee_per_km=Decimal(per_km))


@pytest.mark.parametrize(
    ("base", "per_km", "dropoff", "fee"),
    [
        ("0", "0", ONE_KM_NORTH, "0.00"),
        ("2.50", "0", ONE_KM_NORTH, "2.50"),
        ("2.50", "0.80", ONE_KM_NORTH, "3.30"),
        ("2.50", "0.80", None, "2.50"),
        ("2.50", "0.80", Position(52.52, 13.405), "2.50"),
        ("1.00", "0.01", Position(52.524496, 13.405), "1.01"),
    ],
)
def test_the_fee_is_the_base_and_the_way(base: str, per_km: str, dropoff: Position | None, fee: str) -> None:
    assert str(delivery_fee(store(base, per_km), dropoff=dropoff)) == fee
