"""What axe finds to be in somebody's way."""

from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
SERIOUS: Final = ("serious", "critical")


def axe_finds(page: Page) -> str:
    """Anything, in the light and in the dark. Nothing moves meanwhile: half faded in, nothing has enough contrast."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # Scripts that follow the scheme are told of it before the next frame is drawn.
        page.evaluate("() => new Promise(requestAnimationFrame)")
        found.append(Axe().run(page).generate_snapshot())
    return "".join(found)


def seriously_wrong(page: Page, *, within: str) -> list[tuple[str, list[str]]]:
    """Rules of axe and the elements that break them, in a part of the page that is as it is now."""
    found = Axe().run(page, context=within).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
