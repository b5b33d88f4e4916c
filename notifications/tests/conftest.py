from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import pytest
from django.utils.translation import trans_real

from notifications.tests.mail_server import MailServer

CATALOGUE: Final = Path(__file__).parents[1] / "locale/de/LC_MESSAGES"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    """Where the recording provider writes."""
    settings.VAR_DIR = tmp_path


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server of this test's own, to which the site sends by Django's SMTP backend."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        yield server


@pytest.fixture
def untranslated() -> Iterator[list[str]]:
    """Every text that was asked for in German and is in no catalogue."""
    missing: list[str] = []
    translate = trans_real.gettext

    def listen(message: str) -> str:
        known = vars(trans_real.catalog())["_catalog"]
        if trans_real.get_language() == "de" and message not in known:
            missing.append(message)
        return translate(message)

    with patch("django.utils.translation._trans.gettext", listen, create=True):
        yield missing
