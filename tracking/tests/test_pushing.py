from unittest.mock import Mock, patch
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as RedisIsAway
from redis.exceptions import TimeoutError as RedisIsSilent

from api.silence import SILENT_SECONDS
from tracking.live.hints import OrdersChanged
from tracking.live.pushing import Sender

HINT = OrdersChanged({uuid4(): 1})


@pytest.mark.parametrize("error", [RedisIsAway("nobody there"), RedisIsSilent("slow"), ConnectionRefusedError("no")])
def test_a_wire_that_fails_costs_one_attempt_every_few_seconds(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sender, wire = Sender(), Mock(**{"send.side_effect": error})
    with patch("tracking.live.pushing.wire_in_use", return_value=wire), patch("time.monotonic") as clock:
        for clock.return_value in (1000.0, 1000.1, 1000.0 + SILENT_SECONDS - 0.1):
            sender.send(HINT)
        assert (wire.send.call_count, len(caplog.records)) == (1, 1)

        clock.return_value = 1000.0 + SILENT_SECONDS
        sender.send(HINT)
        assert (wire.send.call_count, len(caplog.records)) == (2, 2)


def test_what_is_wrong_with_a_hint_itself_is_not_taken_for_the_wire() -> None:
    with pytest.raises(ZeroDivisionError):
        Sender().send(Mock(**{"as_message.side_effect": ZeroDivisionError}))
