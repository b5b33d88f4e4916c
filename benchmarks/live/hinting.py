"""Moves of couriers, told by one process of the site as requests would tell them, without any request."""

import asyncio
import json
import sys
import time
from itertools import cycle
from typing import Final
from uuid import UUID

from django.utils import timezone

from api.moments import moment
from benchmarks.live.pacing import steadily
from benchmarks.live.told import Evening, Ride
from catalog.geography import Position
from couriers.moving import Move
from tracking.eta import Reached
from tracking.live.hints import CourierMoved
from tracking.live.pushing import sender

WHERE: Final = Position(52.521, 13.406)
SECONDS_TO_A_DOOR: Final = 300


def tell_moves(*, per_second: float, seconds: float) -> None:
    """Of the evening on standard input. To standard output: when each position was told, by its moment."""
    evening = Evening.of(sys.stdin.read())
    json.dump(asyncio.run(_told(evening, per_second=per_second, seconds=seconds)), sys.stdout)


async def _told(evening: Evening, *, per_second: float, seconds: float) -> dict[str | None, float]:
    rides, told = cycle(evening.rides), {}

    async def tell() -> None:
        hint = _moved(next(rides))
        told[moment(hint.move.recorded_at)] = time.perf_counter()
        sender.send(hint)

    await steadily(tell, per_second=per_second, seconds=seconds)
    return told


def _moved(ride: Ride) -> CourierMoved:
    """With what else the courier has in hand, as requests have it."""
    move = Move(courier_id=UUID(ride.courier_id), position=WHERE, recorded_at=timezone.now())
    doors = enumerate(ride.order_ids, 1)
    return CourierMoved(
        move, {UUID(order_id): Reached(store=0, door=SECONDS_TO_A_DOOR * place) for place, order_id in doors}
    )
