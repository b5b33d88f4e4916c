"""Reading lists to their end."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from operations.simulation.client import Client
from operations.simulation.contract import Json

PAGE = 100


async def everything(client: Client, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[Json]:
    """All rows of a list, page after page; the first page's filters live on in the `next` links."""
    page = (await client.get(path, {"limit": PAGE, **(params or {})})).body
    while True:
        for row in page["results"]:
            yield row
        if not page["next"]:
            return
        page = (await client.get(page["next"])).body
