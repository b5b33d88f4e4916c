import gc
from collections.abc import Iterator
from contextlib import AsyncExitStack
from unittest.mock import patch

import pytest

from orders.models import Order, OrderLine
from orders.tests.factories import make_order
from tracking.live import garbage, hub
from tracking.live.garbage import ALL_EVERY_SECONDS, look_through_all, put_aside, tidy
from tracking.tests.listening import listening, path_of, told


class Thing:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    gc.unfreeze()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def number_of(kind: type) -> int:
    gc.unfreeze()  # what is put aside is not among the objects
    return sum(type(one) is kind for one in gc.get_objects())


def test_what_was_put_aside_is_looked_for_only_with_all() -> None:
    thing = Thing()
    put_aside()
    del thing
    assert gc.collect() == 0

    look_through_all()
    assert number_of(Thing) == 0


def test_young_garbage_is_not_put_aside() -> None:
    Thing()
    put_aside()
    assert number_of(Thing) == 0


@pytest.mark.django_db(transaction=True)
def test_closed_sockets_leave_nothing_to_be_looked_for() -> None:
    order = make_order()
    gc.collect()
    before, lines_before = number_of(Order), number_of(OrderLine)

    async def story() -> None:
        async with AsyncExitStack() as leaving:
            for _ in range(5):
                socket = await leaving.enter_async_context(listening(path_of(order)))
                await socket.hear()
            put_aside()
            assert number_of(OrderLine) == lines_before
            assert number_of(Order) == before + 5

    told(story)
    assert number_of(Order) == before


def test_an_hour_after_the_last_time_all_is_looked_through_whoever_calls() -> None:
    with patch("time.monotonic") as clock, patch.object(garbage, "put_aside") as put_aside:
        clock.return_value = 1000.0
        look_through_all()
        thing = Thing()
        gc.freeze()
        del thing

        clock.return_value = 1000.0 + ALL_EVERY_SECONDS - 1
        tidy()
        assert (put_aside.call_count, number_of_frozen(Thing)) == (1, 1)

        clock.return_value = 1000.0 + ALL_EVERY_SECONDS
        tidy()
        assert (put_aside.call_count, number_of_frozen(Thing)) == (1, 0)


def test_a_process_is_tidied_while_somebody_follows() -> None:
    with (
        patch("tracking.live.hub.asyncio.sleep", side_effect=[None] * 3),
        patch.object(hub, "tidy") as tidy,
        pytest.raises(StopAsyncIteration),
    ):
        told(hub._tidy)
    assert tidy.call_count == 3


def number_of_frozen(kind: type) -> int:
    number = number_of(kind)
    gc.freeze()
    return number
