from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisAway

from api import remembering
from api.remembering import remember, remembered


@pytest.fixture
def made() -> list[int]:
    """What was made so far."""
    return []


def ask(made: list[int], *, key: str, seconds: float = 60, renewed_by: str = "") -> int:
    def make() -> int:
        made.append(len(made) + 1)
        return made[-1]

    return remembered(key, seconds=seconds, make=make, renewed_by=renewed_by)


def test_an_answer_is_made_once_for_its_time(made: list[int]) -> None:
    assert [ask(made, key="once"), ask(made, key="once"), ask(made, key="another")] == [1, 1, 2]


def test_an_answer_whose_time_is_over_is_made_anew(made: list[int]) -> None:
    assert [ask(made, key="over", seconds=0), ask(made, key="over", seconds=0)] == [1, 2]


def test_each_process_keeps_its_own_while_the_cache_is_away(made: list[int]) -> None:
    with patch.object(remembering, "cache") as cache:
        cache.get.side_effect = RedisAway
        assert [ask(made, key="away"), ask(made, key="away")] == [1, 1]
        assert [ask(made, key="away", seconds=0), ask(made, key="away", seconds=0)] == [2, 3]


def test_an_answer_that_cannot_be_kept_is_an_answer(made: list[int]) -> None:
    with patch.object(remembering, "cache") as cache:
        cache.get.return_value = None
        cache.set.side_effect = RedisAway
        assert [ask(made, key="unkept"), ask(made, key="unkept")] == [1, 2]


@pytest.fixture
def woken() -> Iterator[list[str]]:
    with patch.object(remembering, "wake") as wake:
        names: list[str] = []
        wake.side_effect = names.append
        yield names


def ask_renewed(made: list[int], *, key: str) -> int:
    return ask(made, key=key, renewed_by="some.task")


def test_a_young_answer_is_not_renewed(made: list[int], woken: list[str]) -> None:
    assert [ask_renewed(made, key="young"), ask_renewed(made, key="young")] == [1, 1]
    assert woken == []


def test_an_answer_past_half_its_time_is_given_and_renewed_by_one(made: list[int], woken: list[str]) -> None:
    ask_renewed(made, key="old")
    cache.delete("old:young")
    assert [ask_renewed(made, key="old"), ask_renewed(made, key="old")] == [1, 1]
    assert woken == ["some.task"]


def test_a_renewed_answer_is_given_and_young_again(made: list[int], woken: list[str]) -> None:
    ask_renewed(made, key="renewed")
    cache.delete("renewed:young")
    remember("renewed", seconds=60, make=lambda: 7)
    assert ask_renewed(made, key="renewed") == 7
    assert woken == []


def test_an_answer_is_as_old_as_its_beginning() -> None:
    clock = iter([100.0, 104.0])
    with patch.object(remembering, "cache") as cache, patch.object(remembering, "time") as time:
        time.monotonic.side_effect = clock
        remember("slow", seconds=5, make=lambda: 7)
    assert [call.args for call in cache.set.call_args_list] == [("slow", 7, 1.0), ("slow:young", True, 0.5)]


def test_an_answer_that_took_longer_than_it_may_be_kept_is_not_kept() -> None:
    with patch.object(remembering, "time") as time:
        time.monotonic.side_effect = iter([100.0, 106.0])
        assert remember("too-slow", seconds=5, make=lambda: 7) == 7
    assert cache.get("too-slow") is None
