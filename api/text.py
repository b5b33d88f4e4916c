"""What a text may hold: one rule, for the server and for OpenAPI.

Spelled out instead of left to `\\s` alone, whose meaning differs between regular expressions in Python, ECMAScript and
Rust: all the characters they disagree about are refused. Tabs and line ends are not.
"""

import re
from typing import Final

_REFUSED: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff"
_CONTROL_CHARACTER: Final = re.compile(rf"[{_REFUSED}]")


def pattern_of_text(*, not_only: str = "") -> str:
    """For a text of any length; `not_only` names, as in a character class, what is not enough by itself."""
    one_other = rf"[^{_REFUSED}{not_only}][^{_REFUSED}]*" if not_only else ""
    return rf"^[^{_REFUSED}]*{one_other}$"


TEXT_PATTERN: Final = pattern_of_text()
NOT_BLANK_PATTERN: Final = pattern_of_text(not_only=r"\s")


def has_control_characters(text: str) -> bool:
    return _CONTROL_CHARACTER.search(text) is not None
