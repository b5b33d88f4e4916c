"""Places on the map, and the mapping of a city's metres onto it."""

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8
"""The mean radius: straight lines here measure the same as great circles on the site."""

METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180

DECIMALS = 6
"""About ten centimetres, the precision the API keeps."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point in degrees."""

    latitude: float
    longitude: float


BERLIN = Place(52.5200, 13.4050)


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular: the plane's centre lies on `anchor`, x runs east and y north, in metres.

    True to about a tenth of a percent over the twenty kilometres of a city.
    """

    centre_x: float
    centre_y: float
    anchor: Place = BERLIN

    @classmethod
    def around(cls, points: list[tuple[float, float]], *, anchor: Place = BERLIN) -> "Projection":
        """The projection that puts the middle of the points' bounding box on `anchor`."""
        xs = [x for x, _ in points]
        ys = [y for _, y in points]
        return cls((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, anchor)

    def place(self, x: float, y: float) -> Place:
        """Where the point lies on the map."""
        narrowing = math.cos(math.radians(self.anchor.latitude))
        return Place(
            round(self.anchor.latitude + (y - self.centre_y) / METRES_PER_DEGREE, DECIMALS),
            round(self.anchor.longitude + (x - self.centre_x) / (METRES_PER_DEGREE * narrowing), DECIMALS),
        )


def distance_m(start: Place, end: Place) -> float:
    """Great-circle metres (haversine)."""
    north = math.radians(end.latitude - start.latitude)
    east = math.radians(end.longitude - start.longitude)
    latitudes = math.cos(math.radians(start.latitude)) * math.cos(math.radians(end.latitude))
    chord = math.sin(north / 2) ** 2 + latitudes * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def along(start: Place, end: Place, *, share: float) -> Place:
    """The point that has `share` (0 to 1) of the straight way behind it."""
    share = min(1.0, max(0.0, share))
    return Place(
        round(start.latitude + (end.latitude - start.latitude) * share, DECIMALS),
        round(start.longitude + (end.longitude - start.longitude) * share, DECIMALS),
    )
