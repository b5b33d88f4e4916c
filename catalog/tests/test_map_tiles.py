from typing import Any

import pytest

from catalog.checks import check_map_tiles
from catalog.map_tiles import Tiles, img_sources, map_tiles

PLACE = "{z}/{x}/{y}.png"


def test_without_the_setting_there_are_no_tiles(settings: Any) -> None:
    settings.MAP_TILE_URL = ""
    assert (map_tiles(), img_sources(), check_map_tiles(None)) == (None, "'self'", [])


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (f"https://tiles.example.com/{PLACE}", "'self' https://tiles.example.com data:"),
        (f"https://{{s}}.example.com/a/{PLACE}?key=1", "'self' https://*.example.com data:"),
        ("http://127.0.0.1:8080/{z}/{x}/{y}{r}.png", "'self' http://127.0.0.1:8080 data:"),
        (f"/static/tiles/{PLACE}", "'self' data:"),
    ],
)
def test_pages_may_load_pictures_from_where_the_tiles_are(url: str, source: str, settings: Any) -> None:
    settings.MAP_TILE_URL, settings.MAP_TILE_ATTRIBUTION = url, "© Somebody"
    assert map_tiles() == Tiles(url, "© Somebody")
    assert img_sources() == source
    assert check_map_tiles(None) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://tiles.example.com/",
        f"ftp://tiles.example.com/{PLACE}",
        f"//tiles.example.com/{PLACE}",
        f"tiles.example.com/{PLACE}",
        f"https://tiles.example.com/{PLACE}?key={{key}}",
        f"https://tiles.example.com; script-src */{PLACE}",
        f"https://tiles.example.com/{PLACE}; script-src *",
        f"https://user@tiles.example.com/{PLACE}",
        f"https://tiles.{{s}}.example.com/{PLACE}",
    ],
)
def test_a_bad_address_is_refused_when_the_site_is_checked(url: str, settings: Any) -> None:
    settings.MAP_TILE_URL = url
    assert [problem.id for problem in check_map_tiles(None)] == ["catalog.E001"]
