"""How much an open order needs somebody, as a number to sort by. Pure functions of what is known now.

In minutes:

    urgency = lateness + (waiting + 10 if the goods are ready), the bracket only while the order needs a courier
    lateness = (now + time to the door) - when it was promised to be there; negative while there is time left
    waiting  = for how long nobody has taken it on

So an order that is going to be five minutes late comes before one that has ten minutes to spare; of two that are
equally late, the one without a courier comes first, the longer it waits the more so, and what gets cold on the counter
before what is still in the oven. Where no time to the door is known (not confirmed yet, or failed) it counts as none.
Everybody's urgency grows with the clock at a steady pace, so two numbers of different age differ by that age at most.
"""

from dataclasses import dataclass
from typing import Final

READY_MINUTES: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressure:
    """`due_seconds`: until the promised moment, negative when it has passed. `waiting_seconds`: None with a courier."""

    due_seconds: float
    door_seconds: float | None = None
    waiting_seconds: float | None = None
    is_ready: bool = False


def urgency(pressure: Pressure) -> float:
    minutes = ((pressure.door_seconds or 0) - pressure.due_seconds) / 60
    if pressure.waiting_seconds is not None:
        minutes += max(0.0, pressure.waiting_seconds) / 60
        minutes += READY_MINUTES if pressure.is_ready else 0
    return round(minutes, 1)
