"""Windows in which a member of the staff is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page, ViewportSize

from operations.tests.browser.windows import Windows
from operations.tests.contract.site import DEMO_PASSWORD

DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
DISPATCHER: Final = "dispatcher@example.com"

Sessions = dict[str, Any]
"""Of whom has signed in already, by email: with the cookies of one window others are open at once."""


@dataclass(frozen=True)
class StaffWindows:
    windows: Windows
    sessions: Sessions

    def open(
        self,
        address: str,
        *,
        email: str = DISPATCHER,
        viewport: ViewportSize = DESK,
        prepare: Callable[[Page], None] | None = None,
        **options: Any,
    ) -> Page:
        """`prepare` is called before the page asks for anything; `options` are those of a Playwright context."""
        page = self.windows.open(viewport=viewport, storage_state=self.sessions.get(email), **options)
        if prepare:
            prepare(page)
        page.goto(address)
        if "/login/" in page.url:
            self._sign_in(page, email)
        return page

    def _sign_in(self, page: Page, email: str) -> None:
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        self.sessions[email] = page.context.storage_state()
