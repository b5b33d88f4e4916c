import asyncio
from unittest.mock import patch
from uuid import uuid4

import pytest

from tracking.live.hints import Hint, OrdersChanged
from tracking.live.hub import watching
from tracking.live.pushing import sender
from tracking.tests.listening import told

PATIENCE_SECONDS = 60


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
