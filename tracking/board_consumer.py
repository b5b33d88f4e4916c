"""The staff's socket: the whole board, then every event with the rows that it has changed."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.utils import timezone

from api.moments import moment
from tracking.board.looking import missed_events
from tracking.board.news import News
from tracking.board.rows import Board, board_as_json
from tracking.board.viewing import Viewer
from tracking.live.admission import Pass, pass_of
from tracking.live.attending import Attendant
from tracking.live.board import LiveBoard, attending
from tracking.live.closing import CloseCode
from tracking.live.reading import in_thread
from tracking.live.talking import TalkingConsumer, after_of, as_text

PING_SECONDS: Final = 25.0
CHECK_SECONDS: Final = 15.0


class BoardConsumer(TalkingConsumer):
    """Tells as long as its reader may listen: that is looked at again every `CHECK_SECONDS`."""

    _pass: Pass
    _viewer: Viewer
    _board: LiveBoard
    _sequence: int
    _checked_at: float
    _spoke_at: float

    async def talk(self) -> CloseCode:
        after = after_of(self.scope["query_string"])
        self._pass = await in_thread(pass_of, self.scope)
        self._viewer = await self._viewer_now()
        attendant = Attendant()
        async with attending(attendant) as self._board:
            await self._open(after)
            while True:
                await self._go_on(attendant)

    async def say(self, kind: str, **content: object) -> None:
        await self._say(as_text(kind, **content))

    async def _say(self, text: str) -> None:
        await self.send(text_data=text)
        self._spoke_at = self._now()

    async def _open(self, after: int | None) -> None:
        """What was missed, if it can be told, and then everything: couriers have moved on without an event."""
        self._sequence = self._board.sequence
        if after is not None:
            missed = await in_thread(missed_events, self._viewer, after=after, until=self._sequence)
            if missed is None:
                await self.say("reset")
            for event in missed or ():
                await self.say("event", sequence=event.sequence, event=event.as_json(), orders=[], gone=[], couriers=[])
        await self._tell_picture()

    async def _go_on(self, attendant: Attendant) -> None:
        told = await attendant.next(within_seconds=self._patience())
        if self._now() - self._checked_at >= CHECK_SECONDS or self._has_ended():
            await self._check_again()
        if told.has_news:
            await self._tell_news()
        if told.wants_picture:
            await self._tell_picture()
        if told.moved:
            await self._tell_moves(told.moved)
        if self._now() - self._spoke_at >= PING_SECONDS:
            await self.say("ping")

    async def _tell_news(self) -> None:
        news = self._board.news(self._viewer, since=self._sequence)
        self._sequence = self._board.sequence
        if news is None:
            await self._begin_anew()
            return
        await self._tell_events(news)
        if news.needs_picture:
            await self._tell_picture()

    async def _tell_events(self, news: News) -> None:
        """With the first of them all rows that have changed, as they are after the last."""
        links = self._viewer.links
        rows: dict[str, object] = {
            "orders": [links.as_json(row) for row in news.orders],
            "gone": [str(order_id) for order_id in news.gone],
            "couriers": [links.as_json(row) for row in news.couriers],
        }
        for event in news.events:
            await self.say("event", sequence=event.sequence, event=event.as_json(), **rows)
            rows = {"orders": [], "gone": [], "couriers": []}

    async def _begin_anew(self) -> None:
        await self.say("reset")
        await self._tell_picture()

    async def _tell_picture(self) -> None:
        """It may be ahead of what was told: that is told again. Made in a thread, because it is long."""
        picture = replace(self._board.picture(self._viewer), sequence=self._sequence)
        await self._say(await asyncio.to_thread(_snapshot, picture, viewer=self._viewer))

    async def _tell_moves(self, courier_ids: Collection[UUID]) -> None:
        rows = self._board.couriers(self._viewer, courier_ids)
        if rows:
            moves = [{"id": str(r.id), "position": r.position, "recorded_at": moment(r.recorded_at)} for r in rows]
            await self.say("positions", couriers=moves)

    async def _viewer_now(self) -> Viewer:
        """Raises SocketClosed when the reader may not listen any more."""
        self._checked_at = self._now()
        return await in_thread(_viewer_of, self._pass)

    async def _check_again(self) -> None:
        viewer = await self._viewer_now()
        if viewer != self._viewer:
            self._viewer = viewer
            await self._begin_anew()

    def _patience(self) -> float:
        """Until there is something to do, whether or not anything happens."""
        until_end = [] if self._pass.ends_at is None else [(self._pass.ends_at - timezone.now()).total_seconds()]
        spoken, checked = self._spoke_at + PING_SECONDS, self._checked_at + CHECK_SECONDS
        return min(spoken - self._now(), checked - self._now(), *until_end)

    def _has_ended(self) -> bool:
        return self._pass.ends_at is not None and timezone.now() >= self._pass.ends_at

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _viewer_of(admission: Pass) -> Viewer:
    return Viewer.of(admission.holder())


def _snapshot(picture: Board, *, viewer: Viewer) -> str:
    return as_text("snapshot", sequence=picture.sequence, data=board_as_json(picture, links=viewer.links))
