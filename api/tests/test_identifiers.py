from concurrent.futures import ThreadPoolExecutor

from api.identifiers import uuid7


def test_keys_rise_within_a_process() -> None:
    keys = [uuid7() for _ in range(10_000)]

    assert keys == sorted(keys)
    assert len(set(keys)) == 10_000
    assert {key.version for key in keys} == {7}


def test_keys_rise_in_each_thread_and_are_unique_over_all() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [uuid7() for _ in range(1_000)], range(8)))

    assert all(keys == sorted(keys) for keys in made)
    assert len({key for keys in made for key in keys}) == 8_000
