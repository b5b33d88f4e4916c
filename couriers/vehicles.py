"""How fast couriers get about: what arrival times are estimated with, and what movements are held to be possible."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices


class Vehicle(TextChoices):
    FOOT = "foot", "On foot"
    BICYCLE = "bicycle", "Bicycle"
    CARGO_BIKE = "cargo_bike", "Cargo bike"
    SCOOTER = "scooter", "Scooter"
    CAR = "car", "Car"


# What people say for them, too.
ALSO_CALLED: Final[Mapping[str, Vehicle]] = {
    "bike": Vehicle.BICYCLE,
    "motorbike": Vehicle.SCOOTER,
    "motorcycle": Vehicle.SCOOTER,
    "van": Vehicle.CAR,
}


@dataclass(frozen=True)
class Pace:
    """`usual_kmh` is the average of a ride through a town with its lights; `top_kmh` what nobody exceeds."""

    usual_kmh: float
    top_kmh: float


PACES: Final[Mapping[Vehicle, Pace]] = {
    Vehicle.FOOT: Pace(usual_kmh=5, top_kmh=15),
    Vehicle.BICYCLE: Pace(usual_kmh=15, top_kmh=50),
    Vehicle.CARGO_BIKE: Pace(usual_kmh=13, top_kmh=45),
    Vehicle.SCOOTER: Pace(usual_kmh=22, top_kmh=90),
    Vehicle.CAR: Pace(usual_kmh=24, top_kmh=150),
}


USUAL_SHARE_OF_TOP: Final = 0.7


def pace_of(vehicle: str, *, top_speed_kmh: int | None) -> Pace:
    """A top speed of one's own below the vehicle's may make a courier slower, but not faster than traffic is.

    Above the vehicle's it says that time itself runs faster, as in a simulation, and arrival times have to follow.
    """
    pace = PACES[Vehicle(vehicle)]
    if top_speed_kmh is None:
        return pace
    usual_kmh = USUAL_SHARE_OF_TOP * top_speed_kmh
    if top_speed_kmh <= pace.top_kmh:
        usual_kmh = min(usual_kmh, pace.usual_kmh)
    return Pace(usual_kmh=usual_kmh, top_kmh=top_speed_kmh)
