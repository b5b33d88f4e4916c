"""Distances on the Earth, good to half a percent: nobody's delivery radius is sharper than that."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Final

# Mean radius R1 of the International Union of Geodesy and Geophysics.
EARTH_RADIUS_M: Final = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84 degrees."""

    latitude: float
    longitude: float


def distance_m(a: Position, b: Position) -> float:
    """Great-circle distance by the haversine formula (R. W. Sinnott, Sky and Telescope 68, 1984)."""
    north = radians(b.latitude - a.latitude)
    east = radians(b.longitude - a.longitude)
    h = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))
