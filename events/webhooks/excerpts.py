"""The beginning of a body, fit to be kept and shown."""

from typing import Final

LIMIT_BYTES: Final = 1_024


def excerpt(body: bytes) -> str:
    """What cannot be seen is written as an escape: else it could rewrite the page or the terminal that shows it, and
    a database refuses some of it."""
    text = body[:LIMIT_BYTES].decode(errors="replace")
    shown = "".join(_visible(character) for character in text)
    return f"{shown}…" if len(body) > LIMIT_BYTES else shown


def _visible(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return character.encode("unicode_escape").decode()
