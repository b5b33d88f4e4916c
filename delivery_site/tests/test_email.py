"""One URL says how e-mail leaves."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from delivery_site.email import Email, email_from

FOLDER = Path("/var/mail-of-this-test")
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", Email(backend="django.core.mail.backends.filebased.EmailBackend", folder=FOLDER)),
        ("file:", Email(backend="django.core.mail.backends.filebased.EmailBackend", folder=FOLDER)),
        ("file:///srv/m", Email(backend="django.core.mail.backends.filebased.EmailBackend", folder=Path("/srv/m"))),
        ("console:", Email(backend="django.core.mail.backends.console.EmailBackend")),
        ("memory:", Email(backend="django.core.mail.backends.locmem.EmailBackend")),
        ("smtp://localhost:2525", Email(backend=SMTP, host="localhost", port=2525)),
        ("smtp://mail.example.com", Email(backend=SMTP, host="mail.example.com", port=25)),
        (
            "smtp+tls://orders%40example.com:p%2Fw@mail.example.com",
            Email(
                backend=SMTP, host="mail.example.com", port=587, user="orders@example.com", password="p/w", use_tls=True
            ),
        ),
        ("smtps://mail.example.com", Email(backend=SMTP, host="mail.example.com", port=465, use_ssl=True)),
    ],
)
def test_a_url_becomes_settings(url: str, expected: Email) -> None:
    assert email_from(url, default_folder=FOLDER) == expected


@pytest.mark.parametrize("url", ["mail.example.com", "smtp:", "pigeon://roof"])
def test_what_says_nothing_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must begin with smtp"):
        email_from(url, default_folder=FOLDER)
