"""The board, kept up for all staff sockets of the process: what has changed is read once, and told to each as they may
know it.

Between looks it is in memory, so a socket that opens, or has to begin anew, costs at most one read. It may be ahead of
its sequence, never behind. Whatever no event tells of (a courier's new capacity) is found by reading everything again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import DatabaseError

from couriers.moving import Move
from tracking.board.looking import Look, look_since
from tracking.board.news import Change, News, news_for
from tracking.board.reading import read_board
from tracking.board.rows import Board, CourierRow, OrderRow
from tracking.board.viewing import Viewer
from tracking.live.attending import Attendant
from tracking.live.hints import CourierMoved, Hint
from tracking.live.hub import watching
from tracking.live.reading import in_thread

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS: Final = 5.0
REFRESH_EVERY_SECONDS: Final = 30.0
PICTURE_EVERY_SECONDS: Final = 60.0
"""What goes with the clock is renewed for those who look. Long, because a picture is some hundred kilobytes."""
FRESH_SECONDS: Final = 2.0
"""How old the picture may be that a socket opens with; events since then are in it all the same."""
POSITIONS_EVERY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.05
"""Between two looks: what happens meanwhile is one look."""
MOST_CHANGES: Final = 200


class LiveBoard:
    """One per event loop, from the first attendant to the last."""

    def __init__(self) -> None:
        self.attendants: set[Attendant] = set()
        self._board: Board | None = None
        self._orders: dict[UUID, OrderRow] = {}
        self._couriers: dict[UUID, CourierRow] = {}
        self._moves: dict[UUID, Move] = {}
        self._changes: deque[Change] = deque()
        self._forgotten = 0
        self._refreshed_at = self._shown_at = float("-inf")
        # Reading takes time: what was read first must not come in after what was read later.
        self._reading = asyncio.Lock()
        self._hinted, self._moved = asyncio.Event(), set[UUID]()
        self._has_moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Whoever comes from elsewhere with a newer board finds none that is older. Raises DatabaseError."""
        async with self._reading:
            if not self._tasks:
                await self._stack.enter_async_context(watching(self._hear))
                self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tell_moves())]
            await self._catch_up(not_older_than=FRESH_SECONDS)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def picture(self, viewer: Viewer) -> Board:
        assert self._board is not None
        now = replace(self._board, orders=dict(self._orders), couriers=dict(self._couriers))
        return viewer.board(now)

    @property
    def sequence(self) -> int:
        assert self._board is not None
        return self._board.sequence

    def news(self, viewer: Viewer, *, since: int) -> News | None:
        """None where that is not remembered any more."""
        if since < self._forgotten:
            return None
        changes = [change for change in self._changes if change.until > since]
        return news_for(viewer, changes, orders=self._orders, couriers=self._couriers)

    def couriers(self, viewer: Viewer, courier_ids: Collection[UUID]) -> list[CourierRow]:
        seen = (viewer.courier(self._couriers.get(courier_id)) for courier_id in courier_ids)
        return [row for row in seen if row and row.position]

    def _hear(self, hint: Hint) -> None:
        if isinstance(hint, CourierMoved):
            self._move(hint.move)
        else:
            self._hinted.set()

    def _move(self, move: Move) -> None:
        known = self._moves.get(move.courier_id)
        if known and known.recorded_at >= move.recorded_at:
            return
        self._moves[move.courier_id] = move
        if move.courier_id in self._couriers:
            self._couriers[move.courier_id] = self._further_on(self._couriers[move.courier_id])
            self._note_moved([move.courier_id])

    def _note_moved(self, courier_ids: Iterable[UUID]) -> None:
        self._moved.update(courier_ids)
        if self._moved:
            self._has_moved.set()

    def _further_on(self, row: CourierRow) -> CourierRow:
        """What was said after the row was read."""
        move = self._moves.get(row.id)
        if move is None or (row.recorded_at and row.recorded_at >= move.recorded_at):
            return row
        position = (move.position.latitude, move.position.longitude)
        return replace(row, position=position, recorded_at=move.recorded_at)

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), LOOK_EVERY_SECONDS)
            self._hinted.clear()
            try:
                async with self._reading:
                    await self._catch_up(not_older_than=REFRESH_EVERY_SECONDS)
            except DatabaseError as error:
                logger.warning("the board cannot be read: %s", error)
                self._fail(error)
            except Exception as error:
                logger.exception("the board cannot be kept up")
                self._fail(error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _catch_up(self, *, not_older_than: float) -> None:
        await self._look()
        if self._age() > not_older_than:
            await self._refresh()

    async def _look(self) -> None:
        is_last = self._board is None
        while not is_last:
            look = await in_thread(look_since, self.sequence, known=dict(self._orders))
            self._take_in(look)
            is_last = look.is_last

    def _take_in(self, look: Look) -> None:
        assert self._board is not None
        orders = look.order_ids | look.rows.orders.keys()
        couriers = look.courier_ids | look.rows.couriers.keys()
        change = Change(
            until=look.until,
            events=look.events,
            orders={key: self._orders.get(key) for key in orders},
            couriers={key: self._couriers.get(key) for key in couriers},
        )
        for key in orders:
            self._orders.pop(key, None)
        for key in couriers:
            self._couriers.pop(key, None)
        self._orders.update(look.rows.orders)
        self._couriers.update({key: self._further_on(row) for key, row in look.rows.couriers.items()})
        self._board = replace(self._board, sequence=look.until)
        if look.events:
            self._remember(change)
            for attendant in self.attendants:
                attendant.hear()

    def _remember(self, change: Change) -> None:
        self._changes.append(change)
        while len(self._changes) > MOST_CHANGES:
            self._forgotten = self._changes.popleft().until

    async def _refresh(self) -> None:
        """What has changed without an event is shown to everybody. The sequence stays: what it leaves out is in the
        rows already, and is told of when it is looked for."""
        read = await in_thread(read_board)
        before, self._board = self._board, replace(read, sequence=self.sequence if self._board else read.sequence)
        is_unexplained = before is not None and (
            _differ(self._orders, read.orders) or _differ(self._couriers, read.couriers) or before.stores != read.stores
        )
        couriers = {key: self._further_on(row) for key, row in read.couriers.items()}
        self._note_moved(key for key in couriers if _has_moved(self._couriers.get(key), couriers[key]))
        self._orders, self._couriers = dict(read.orders), couriers
        self._refreshed_at = asyncio.get_running_loop().time()
        if before is None:
            self._shown_at = self._refreshed_at
        elif is_unexplained or self._refreshed_at - self._shown_at > PICTURE_EVERY_SECONDS:
            self._show()

    def _show(self) -> None:
        self._shown_at = self._refreshed_at
        for attendant in self.attendants:
            attendant.want_picture()

    async def _tell_moves(self) -> None:
        while True:
            await self._has_moved.wait()
            self._has_moved.clear()
            moved, self._moved = self._moved, set()
            for attendant in self.attendants:
                attendant.hear_moves(moved)
            await asyncio.sleep(POSITIONS_EVERY_SECONDS)

    def _age(self) -> float:
        return asyncio.get_running_loop().time() - self._refreshed_at

    def _fail(self, error: Exception) -> None:
        """Nobody goes on looking at a board that stands still."""
        for attendant in self.attendants:
            attendant.fail(error)


def _differ(one: Mapping[UUID, OrderRow | CourierRow], other: Mapping[UUID, OrderRow | CourierRow]) -> bool:
    return one.keys() != other.keys() or any(one[key].lasting != other[key].lasting for key in one)


def _has_moved(before: CourierRow | None, now: CourierRow) -> bool:
    return before is not None and before.recorded_at != now.recorded_at


_boards: dict[asyncio.AbstractEventLoop, LiveBoard] = {}


@asynccontextmanager
async def attending(attendant: Attendant) -> AsyncIterator[LiveBoard]:
    """The board, kept up to the end of the block. Raises DatabaseError."""
    loop = asyncio.get_running_loop()
    for closed in [known for known in _boards if known.is_closed()]:
        del _boards[closed]
    board = _boards.setdefault(loop, LiveBoard())
    board.attendants.add(attendant)
    try:
        await board.open()
        yield board
    finally:
        board.attendants.discard(attendant)
        if not board.attendants and _boards.get(loop) is board:
            del _boards[loop]
            await board.close()
