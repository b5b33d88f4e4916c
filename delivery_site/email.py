"""How e-mail leaves: one URL instead of Django's eight settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BACKENDS: Final = "django.core.mail.backends"
SUBMISSION_PORT: Final = 587  # RFC 6409
TLS_PORT: Final = 465  # RFC 8314
SCHEMES: Final = "smtp, smtp+tls, smtps, file, console or memory"


@dataclass(frozen=True, kw_only=True)
class Email:
    """The values of Django's settings of the same names."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: Path | None = None


def email_from(url: str, *, default_folder: Path) -> Email:
    """`smtp://` in the clear, `smtp+tls://` with STARTTLS, `smtps://` in TLS from the start. Without a URL, or as
    `file:` without a path, each message is a file in `default_folder`. Raises ImproperlyConfigured."""
    parts = urlsplit(url or "file:")
    if parts.scheme == "file":
        return Email(backend=f"{BACKENDS}.filebased.EmailBackend", folder=Path(parts.path or default_folder))
    if parts.scheme in {"console", "memory"}:
        name = {"console": "console", "memory": "locmem"}[parts.scheme]
        return Email(backend=f"{BACKENDS}.{name}.EmailBackend")
    if parts.scheme in {"smtp", "smtp+tls", "smtps"} and parts.hostname:
        return _smtp(parts)
    raise ImproperlyConfigured(f"EMAIL_URL must begin with {SCHEMES}")


def _smtp(parts: SplitResult) -> Email:
    """A user name is often an address: its @ is written %40."""
    ports = {"smtp": 25, "smtp+tls": SUBMISSION_PORT, "smtps": TLS_PORT}
    return Email(
        backend=f"{BACKENDS}.smtp.EmailBackend",
        host=parts.hostname or "",
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
    )
