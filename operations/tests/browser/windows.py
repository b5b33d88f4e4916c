"""Browser windows that take down what pages complain of: a page with an error in its console is a page with a fault."""

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
# What a browser says of a server that is away, whatever the page does about it, and at whatever moment it went.
AWAY: Final = "Failed to load resource: net::ERR_"
CUT_OFF: Final = (AWAY, "WebSocket connection to")


@dataclass
class Windows:
    """Each page has a context of its own: nothing is remembered from one to the next."""

    browser: Browser
    site_url: str
    leaving: ExitStack
    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def open(self, address: str = "", *, viewport: ViewportSize = PHONE, **options: Any) -> Page:
        """`options` are those of a Playwright context: `color_scheme`, `locale`, `java_script_enabled`…"""
        context = self.browser.new_context(base_url=self.site_url, viewport=viewport, **options)
        self.leaving.callback(context.close)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{error}"))
        page.on("request", self._see)
        if address:
            page.goto(address)
        return page

    def forgive(self, words: Collection[str]) -> None:
        """Complaints that contain one of these belong to the story."""
        self.forgiven.extend(words)

    def unforgiven(self) -> list[str]:
        return [text for text in self.complaints if not any(words in text for words in self.forgiven)]

    def _hear(self, message: ConsoleMessage) -> None:
        """Breaches of the content security policy are said here, too."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.site_url, "data:", "blob:")):
            self.complaints.append(f"asked elsewhere: {request.url}")
