"""Requests to one endpoint: so many at once, and the others in line behind them as long as it answers quickly.

A worker that asks the database for each few deliveries anew is mostly busy with asking. So it takes about a second's
work at once from an endpoint that answers, and what waits in line goes out as soon as there is room. When an answer is
none, the line is broken up and what has not been sent is given back: it is not known when it could be.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from events.webhooks.posting import Answer

AT_ONCE: Final = 200
"""Requests of one process, for all endpoints together."""
WORK_SECONDS: Final = 1.0
MOST_HELD: Final = 100
_WEIGHT_OF_THE_LATEST: Final = 0.2


@dataclass(eq=False)
class Line:
    """`at_once` and `held`, the number of deliveries that are ours, belong to the thread that claims and records;
    the turns to the event loop."""

    at_once: int = 1
    held: int = 0
    _pace_seconds: float | None = None
    _under_way: int = 0
    _waiting: deque[asyncio.Future[bool]] = field(default_factory=deque)

    @property
    def requests(self) -> int:
        """The most that may be under way."""
        return min(self.held, self.at_once)

    def room(self, *, at_once: int) -> int:
        """How many more to take; none before half of the line has gone, so that they are taken together."""
        most = at_once if self._pace_seconds is None else _work_of_a_while(at_once, pace_seconds=self._pace_seconds)
        return most - self.held if self.held <= most // 2 else 0

    def note(self, answer: Answer) -> None:
        """One delivery less to hold, and how long it took."""
        self.held -= 1
        if not answer.is_success:
            self._pace_seconds = None
        elif self._pace_seconds is None:
            self._pace_seconds = answer.duration_seconds
        else:
            self._pace_seconds += _WEIGHT_OF_THE_LATEST * (answer.duration_seconds - self._pace_seconds)

    async def turn(self) -> bool:
        """Whether the request may go out: the line may be broken up meanwhile. It ends with `leave`."""
        if self._under_way < self.at_once:
            self._under_way += 1
            return True
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        return await place

    def leave(self) -> None:
        self._under_way -= 1
        while self._waiting and self._under_way < self.at_once:
            place = self._waiting.popleft()
            if not place.done():
                self._under_way += 1
                place.set_result(True)

    def break_up(self) -> None:
        """Whoever waits does not get their turn."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(False)


def _work_of_a_while(at_once: int, *, pace_seconds: float) -> int:
    return max(at_once, min(MOST_HELD, int(at_once * WORK_SECONDS / max(pace_seconds, 0.001))))


class Lines:
    """Those of a process, by endpoint."""

    def __init__(self) -> None:
        self._lines: defaultdict[UUID, Line] = defaultdict(Line)

    def to(self, endpoint_id: UUID) -> Line:
        return self._lines[endpoint_id]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines.values())

    @property
    def held(self) -> int:
        return sum(line.held for line in self)

    @property
    def requests(self) -> int:
        return sum(line.requests for line in self)
