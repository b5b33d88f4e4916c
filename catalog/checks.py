"""`manage.py check` proves that maps would find their pictures."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from catalog.map_tiles import is_tile_url


@register("catalog")
def check_map_tiles(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.MAP_TILE_URL or is_tile_url(settings.MAP_TILE_URL):
        return []
    hint = "It is like https://host/{z}/{x}/{y}.png, or a path of this site."
    return [
        Error(f"MAP_TILE_URL is not the address of map tiles: {settings.MAP_TILE_URL!r}.", hint=hint, id="catalog.E001")
    ]
