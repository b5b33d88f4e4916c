"""The pictures under the maps of all pages, by setting. Without them a map is a plain grid."""

import re
from dataclasses import dataclass
from typing import Final

from django.conf import settings

_FORM: Final = re.compile(
    r"(?:(?P<scheme>https?)://(?P<host>(?:\{s\}\.)?[A-Za-z0-9.-]+(?::\d{1,5})?))?/[^\s\"'<>,;\\]*"
)
_NEEDED: Final = frozenset({"{z}", "{x}", "{y}"})
_KNOWN: Final = _NEEDED | {"{s}", "{r}"}


@dataclass(frozen=True)
class Tiles:
    url: str
    """As Leaflet takes it: with {z}, {x} and {y}."""
    attribution: str


def map_tiles() -> Tiles | None:
    return Tiles(settings.MAP_TILE_URL, settings.MAP_TILE_ATTRIBUTION) if settings.MAP_TILE_URL else None


def img_sources() -> str:
    """From where a page with a map may load pictures, as its content security policy says it.

    Leaflet puts an empty picture of its own, a `data:` address, into tiles that it drops.
    """
    found = _FORM.fullmatch(settings.MAP_TILE_URL)
    if found is None:
        return "'self'"
    elsewhere = f" {found['scheme']}://{found['host'].replace('{s}', '*')}" if found["host"] else ""
    return f"'self'{elsewhere} data:"


def is_tile_url(url: str) -> bool:
    placeholders = set(re.findall(r"\{[^}]*\}?", url))
    return not url.startswith("//") and _FORM.fullmatch(url) is not None and _NEEDED <= placeholders <= _KNOWN
