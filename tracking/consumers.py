"""The socket behind the customer's link: a picture of the delivery, then what changes in it."""

from datetime import datetime
from typing import Final

from couriers.moving import Move
from tracking.eta import Reached
from tracking.live.closing import CloseCode
from tracking.live.following import Follower
from tracking.live.hub import following
from tracking.live.reading import can_replay, in_thread, news_by_token
from tracking.live.talking import TalkingConsumer, after_of
from tracking.public import public_eta, public_event, public_position
from tracking.selectors import Delivery, order_id_by_token

PING_SECONDS: Final = 25.0


class DeliveryConsumer(TalkingConsumer):
    """Follows one order by the token of its link, until it is over."""

    _delivery: Delivery
    _sequence: int
    _seen_at: datetime | None

    async def talk(self) -> CloseCode:
        self._token: str = self.scope["url_route"]["kwargs"]["token"]
        after = after_of(self.scope["query_string"])
        order_id = await in_thread(order_id_by_token, self._token)
        async with following(order_id) as follower:
            await self._open(follower, after=after)
            while not self._delivery.is_over:
                await self._go_on(follower)
        return CloseCode.OVER

    async def _open(self, follower: Follower, *, after: int | None) -> None:
        if after is not None and not await in_thread(can_replay, self._token, after=after):
            await self.say("reset")
            after = None
        await self._tell_news(follower, after=after)

    async def _go_on(self, follower: Follower) -> None:
        """First what the order has come to: it says whether the courier's position may still be told."""
        heard = await follower.next(within_seconds=PING_SECONDS)
        if heard.has_changed:
            await self._tell_news(follower, after=self._sequence)
        if heard.move:
            await self._tell_move(heard.move, reached=heard.reached)
        if not heard.has_changed and not heard.move:
            await self.say("ping")

    async def _tell_news(self, follower: Follower, *, after: int | None) -> None:
        """The events that are new to the reader, each with the whole picture; without any, the picture alone."""
        news = await in_thread(news_by_token, self._token, after=after)
        self._delivery = news.delivery
        self._seen_at = news.delivery.courier.position_recorded_at if news.delivery.courier else None
        for event in news.events:
            await self.say("event", sequence=event.sequence, event=public_event(event), data=news.data)
        if not news.events:
            await self.say("snapshot", sequence=news.delivery.sequence, data=news.data)
        self._sequence = news.events[-1].sequence if news.events else news.delivery.sequence
        follower.knows(version=news.delivery.order.version, sequence=self._sequence)

    async def _tell_move(self, move: Move, *, reached: Reached | None) -> None:
        """Not one of somebody else's courier, nor one that the reader has, or has a newer one than: what was reckoned
        with it knows no more than they do."""
        courier = self._delivery.courier
        if courier is None or courier.id != move.courier_id or self._delivery.eta_seconds is None:
            return
        if self._seen_at is not None and move.recorded_at <= self._seen_at:
            return
        self._seen_at = move.recorded_at
        self._delivery = self._delivery.after_move(move, reached=reached)
        position = public_position(self._delivery, move)
        if position is None:
            await self.say("eta", **public_eta(self._delivery))
        else:
            await self.say("position", **public_eta(self._delivery), position=position)


class UnknownAddressConsumer(TalkingConsumer):
    async def talk(self) -> CloseCode:
        return CloseCode.NOT_FOUND
