from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from api.idempotency.models import IdempotencyKey
from api.pagination import Cursor

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys() -> list[str]:
    """Seven rows of the very same moment, newest first."""
    now = timezone.now()
    rows = [
        IdempotencyKey(principal="user:ada", method="POST", path="/", key=f"k{number}", fingerprint="", expires_at=now)
        for number in range(7)
    ]
    IdempotencyKey.objects.bulk_create(rows)
    IdempotencyKey.objects.update(created_at=now)
    return [row.key for row in reversed(rows)]


def read(client: APIClient, url: str) -> dict[str, Any]:
    answer = client.get(url)
    assert answer.status_code == 200
    page: dict[str, Any] = answer.json()
    assert list(page) == ["results", "next", "previous"]
    return page


def shown(page: dict[str, Any]) -> list[str]:
    return [row["key"] for row in page["results"]]


def walk(client: APIClient, url: str | None, *, along: str) -> list[list[str]]:
    pages = []
    while url:
        page = read(client, url)
        pages.append(shown(page))
        url = page[along]
    return pages


def test_pages_follow_each_other_without_gap_or_repetition(client: APIClient, keys: list[str]) -> None:
    assert walk(client, "/api/keys?limit=3", along="next") == [keys[:3], keys[3:6], keys[6:]]


def test_the_way_back_shows_the_same_pages(client: APIClient, keys: list[str]) -> None:
    second = read(client, "/api/keys?limit=3")["next"]
    third = read(client, second)["next"]

    assert walk(client, read(client, third)["previous"], along="previous") == [keys[3:6], keys[:3]]


def test_the_ends_have_no_neighbour(client: APIClient, keys: list[str]) -> None:
    first = read(client, "/api/keys?limit=4")
    last = read(client, first["next"])

    assert (first["previous"], last["next"]) == (None, None)
    assert shown(read(client, last["previous"])) == keys[:4]


def test_a_full_last_page_is_the_last(client: APIClient, keys: list[str]) -> None:
    assert read(client, "/api/keys?limit=7")["next"] is None


def test_an_empty_list_is_a_page(client: APIClient) -> None:
    assert read(client, "/api/keys") == {"results": [], "next": None, "previous": None}


def test_rows_added_meanwhile_do_not_shift_the_next_page(client: APIClient, keys: list[str]) -> None:
    following = read(client, "/api/keys?limit=3")["next"]
    IdempotencyKey.objects.create(
        principal="user:ada", method="POST", path="/", key="new", fingerprint="", expires_at=timezone.now()
    )

    assert shown(read(client, following)) == keys[3:6]


def test_when_the_rest_is_gone_the_empty_page_leads_back(client: APIClient, keys: list[str]) -> None:
    following = read(client, "/api/keys?limit=3")["next"]
    IdempotencyKey.objects.exclude(key__in=keys[:3]).delete()
    page = read(client, following)

    assert (page["results"], page["next"]) == ([], None)
    assert shown(read(client, page["previous"])) == keys[:3]


def test_addresses_are_absolute_and_keep_the_filters(client: APIClient, keys: list[str]) -> None:
    url = urlsplit(read(client, "/api/keys?limit=2&method=POST&method=PATCH")["next"])
    query = parse_qs(url.query)

    assert (url.scheme, url.netloc, url.path) == ("http", "testserver", "/api/keys")
    assert (query["method"], query["limit"], len(query["cursor"])) == (["POST", "PATCH"], ["2"], 1)


def test_one_query_reads_one_page(client: APIClient, keys: list[str], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as queries:
        client.get("/api/keys?limit=3")

    assert "COUNT" not in queries.captured_queries[0]["sql"]


@pytest.mark.parametrize("text", ["abc", "ö", "=", "n" + "0" * 31, "n" + "0" * 33, "x" + "0" * 32, "n" + "A" * 32])
def test_only_our_own_cursors_are_read(client: APIClient, text: str) -> None:
    answer = client.get("/api/keys", {"cursor": text})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_a_cursor_survives_its_text(keys: list[str]) -> None:
    cursor = Cursor(IdempotencyKey.objects.get(key="k3").pk, backward=True)

    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("text", ["n" + "0" * 32, "p" + "f" * 32])
def test_beyond_the_first_and_the_last_key_there_is_an_empty_page(client: APIClient, text: str) -> None:
    assert read(client, f"/api/keys?cursor={text}")["results"] == []
