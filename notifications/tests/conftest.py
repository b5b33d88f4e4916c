from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications.tests.mail_server import MailServer


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
