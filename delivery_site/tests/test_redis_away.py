"""Redis is away for some seconds in the middle of a busy day; `benchmarks/redis_away.py` is the same for longer."""

import random
import sys

import pytest

from delivery_site.testing.installation import GUNICORN, in_several_processes
from delivery_site.testing.redis_away import go_without

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no Valkey on Windows")


def test_orders_are_taken_without_redis_and_all_that_follows_happens_later() -> None:
    with in_several_processes(GUNICORN) as site:
        account = go_without(site, seconds=8, speed=240, dice=random.Random(5))

        assert account.faults == [], site.last_words()
        assert account.placed_meanwhile > 0
        assert account.left_waiting > 0
        assert account.left_undone == 0
