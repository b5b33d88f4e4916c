"""The browser of this machine, kept to the pages it is told to open."""

import os
import shutil
from typing import Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing but the page under test: a browser that looks for updates is a test that depends on the network.
FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--no-sandbox",
)
REQUIRED: Final = "BROWSER_TESTS"


def chromium() -> str:
    """Its path. Without one the test is skipped, or fails where BROWSER_TESTS says `required`, as CI does."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    reason = f"There is no Chromium on this machine: none of {', '.join(NAMES)} is in PATH."
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(reason)
    pytest.skip(reason)
