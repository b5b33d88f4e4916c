"""Where signing keys come from, and what production refuses to start with."""

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 32


def signing_key(name: str, *, folder: Path, production: bool) -> str:
    """The machine's own random key, made at the first start and kept in `folder`, so that no default key exists.

    Production gets none: there the processes run on several machines and have to be given the same key.
    """
    if production:
        return ""
    path = folder / name
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    return path.read_text()


def _write_once(path: Path, content: str) -> None:
    """Several processes may start together: a link appears whole or not at all, and the first one wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(content)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def refuse_unsafe_production(
    *,
    production: bool,
    debug: bool,
    secrets: Mapping[str, str],
    allowed_hosts: Sequence[str],
    private_webhooks: bool = False,
) -> None:
    if not production:
        return
    weak = [f"{name} must be set to at least {SHORTEST_SECRET} characters" for name, value in secrets.items()
            if len(value) < SHORTEST_SECRET]  # fmt: skip
    if len(set(secrets.values())) < len(secrets):
        weak.append("each secret must differ from the others")
    if debug:
        weak.append("DEBUG must be off")
    if not allowed_hosts or "*" in allowed_hosts:
        weak.append("ALLOWED_HOSTS must name the site's hosts")
    if private_webhooks:
        weak.append("WEBHOOK_ALLOW_PRIVATE_ADDRESSES must be off")
    if weak:
        raise ImproperlyConfigured("PRODUCTION refuses to start: " + "; ".join(weak))
