"""As what engines let somebody travel, and how much slower or faster a courier's vehicle is than that."""

from dataclasses import dataclass

from couriers.vehicles import PACES, Vehicle


@dataclass(frozen=True)
class Profile:
    """An engine's word for `vehicle`, and the nearest it has for some others."""

    name: str
    vehicle: Vehicle

    def seconds_for(self, vehicle: Vehicle, seconds: float) -> float:
        """What takes this profile so many seconds, at the pace of the other vehicle."""
        return seconds * PACES[self.vehicle].usual_kmh / PACES[vehicle].usual_kmh
