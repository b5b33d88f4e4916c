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


def test_to_others_it_comes_as_it_is() -> None:
    answer = Client().get(STYLE)
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


def test_what_the_browser_has_is_not_sent_again() -> None:
    tag = Client().get(STYLE, headers={"Accept-Encoding": "gzip"})["ETag"]
    answer = Client().get(STYLE, headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
    assert (answer.status_code, answer.getvalue(), answer["Vary"]) == (304, b"", "Accept-Encoding")
