import asyncio
from collections.abc import Callable, Collection
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from tracking.live.following import Follower
from tracking.live.hints import Hint, OrdersChanged
from tracking.live.hub import TURNS, Hub, watching
from tracking.live.pushing import sender
from tracking.tests.listening import PATIENCE_SECONDS, told


def test_what_was_not_foreseen_is_told_and_does_not_end_the_hearing(caplog: pytest.LogCaptureFixture) -> None:
    hint = OrdersChanged({uuid4(): 1})
    heard: list[Hint] = []

    def watch(hint: Hint) -> None:
        heard.append(hint)
        if len(heard) == 1:
            raise ZeroDivisionError("nobody thought of this")

    async def story() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), watching(watch):
            while len(heard) < 2:
                sender.send(hint)
                await asyncio.sleep(0.01)

    with patch("tracking.live.hub.AGAIN_SECONDS", 0.01):
        told(story)
    assert heard[:2] == [hint, hint]
    (record,) = [record for record in caplog.records if record.name == "tracking.live.hub"]
    assert "nobody thought of this" in str(record.exc_info)


@pytest.mark.usefixtures("each_wire")
def test_who_joins_while_the_hub_goes_to_rest_is_told_all_the_same() -> None:
    hub, early, late = Hub(), Follower(uuid4()), Follower(uuid4())

    async def story() -> bool:
        await hub.join(early)
        leaving = asyncio.create_task(hub.leave(early))
        await asyncio.sleep(0)
        await hub.join(late)
        sender.send(OrdersChanged({late.order_id: 1}))
        heard = await late.next(within_seconds=PATIENCE_SECONDS)
        await leaving
        await hub.leave(late)
        return heard.has_changed

    with (
        patch("tracking.live.hub.LOOK_EVERY_SECONDS", PATIENCE_SECONDS * TURNS),
        patch("tracking.live.hub.PATIENCE_SECONDS", PATIENCE_SECONDS),
    ):
        assert told(story)


def test_looks_that_fail_keep_none_of_the_orders_from_being_looked_at() -> None:
    hub, followers = Hub(), [Follower(UUID(int=turn)) for turn in range(TURNS)]
    poisonous, looked_at = followers[3].order_id, set[UUID]()
    all_looked_at = asyncio.Event()

    def look(order_ids: Collection[UUID]) -> dict[UUID, int]:
        looked_at.update(order_ids)
        if len(looked_at) == TURNS:
            all_looked_at.set()
        if poisonous in order_ids:
            raise ZeroDivisionError
        return {}

    async def look_here(work: Callable[..., Any], *given: Any) -> Any:
        return work(*given)

    async def story() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for follower in followers:
                await hub.join(follower)
            await all_looked_at.wait()
            for follower in followers:
                await hub.leave(follower)

    with (
        patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.02),
        patch("tracking.live.hub.AGAIN_SECONDS", 0.01),
        patch("tracking.live.hub.versions_of", look),
        patch("tracking.live.hub.in_thread", look_here),
    ):
        told(story)
    assert looked_at == {follower.order_id for follower in followers}
