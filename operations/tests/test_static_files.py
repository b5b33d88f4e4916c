"""Static files as browsers get them."""

import asyncio
import gzip
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.test import AsyncClient, Client

pytestmark = pytest.mark.django_db

STYLE: Final = "/static/css/dispatch.css"
FONT: Final = "/static/unfold/fonts/inter/Inter-Regular.woff2"


def style() -> bytes:
    return Path(settings.BASE_DIR, "static/css/dispatch.css").read_bytes()


def test_text_comes_in_gzip_to_whom_it_is_welcome() -> None:
    answer = Client().get(STYLE, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert (answer.status_code, answer["Content-Encoding"], answer["Vary"]) == (200, "gzip", "Accept-Encoding")
    assert gzip.decompress(answer.content) == style()
    assert int(answer["Content-Length"]) == len(answer.content) < len(style()) / 3


@pytest.mark.parametrize("accepted", ["gzip;q=0.5", "br;q=1.0, GZIP ; q=0.001", "identity;q=0, gzip"])
def test_less_welcome_is_welcome(accepted: str) -> None:
    assert Client().get(STYLE, headers={"Accept-Encoding": accepted})["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, br", "GZIP ; Q=0", "gzipped"])
def test_to_others_it_comes_as_it_is(accepted: str) -> None:
    answer = Client().get(STYLE, headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer, answer["Vary"]) == (False, "Accept-Encoding")
    assert answer.getvalue() == style()


def test_under_asgi_too() -> None:
    answer = asyncio.run(AsyncClient().get(STYLE, headers={"Accept-Encoding": "gzip"}))
    assert gzip.decompress(answer.content) == style()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param(FONT, {}, 200, id="a font"),
        pytest.param(STYLE, {"Range": "bytes=0-9"}, 206, id="a part"),
    ],
)
def test_what_gains_nothing_by_it_comes_as_it_is(path: str, headers: dict[str, str], status: int) -> None:
    answer = Client().get(path, headers={"Accept-Encoding": "gzip", **headers})
    assert (answer.status_code, "Content-Encoding" in answer) == (status, False)
    answer.close()


def tags() -> tuple[str, str]:
    """Of the file as it is, and of its gzip."""
    plain, compressed = Client().get(STYLE), Client().get(STYLE, headers={"Accept-Encoding": "gzip"})
    plain.close()
    return plain["ETag"], compressed["ETag"]


def test_gzip_has_a_weak_tag_as_it_is_not_the_same_bytes() -> None:
    plain, compressed = tags()
    assert (plain[0], compressed) == ('"', f"W/{plain}")


@pytest.mark.parametrize("known", ["{plain}", "{compressed}", '"older", {compressed}', "*"])
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_what_the_browser_has_is_not_sent_again(accepted: str, known: str) -> None:
    plain, compressed = tags()
    known = known.format(plain=plain, compressed=compressed)
    answer = Client().get(STYLE, headers={"Accept-Encoding": accepted, "If-None-Match": known})
    assert (answer.status_code, answer.getvalue(), answer["Vary"]) == (304, b"", "Accept-Encoding")
    assert answer["ETag"] == (compressed if accepted == "gzip" else plain)


def test_what_has_changed_is_sent() -> None:
    answer = Client().get(STYLE, headers={"Accept-Encoding": "gzip", "If-None-Match": 'W/"older"'})
    assert (answer.status_code, gzip.decompress(answer.content)) == (200, style())


def test_the_rest_of_the_same_bytes_is_sent() -> None:
    plain, _ = tags()
    answer = Client().get(STYLE, headers={"Range": "bytes=10-19", "If-Range": plain})
    assert (answer.status_code, answer.getvalue(), answer["ETag"]) == (206, style()[10:20], plain)


@pytest.mark.parametrize("known", ["{compressed}", '"older"', "Sat, 01 Jan 2028 00:00:00 GMT"])
def test_who_has_a_part_of_other_bytes_gets_the_whole(known: str) -> None:
    _, compressed = tags()
    answer = Client().get(STYLE, headers={"Range": "bytes=10-19", "If-Range": known.format(compressed=compressed)})
    assert (answer.status_code, answer.getvalue()) == (200, style())
