"""What a text may hold: one rule, for the server and for OpenAPI.

Spelled out instead of left to `\\s` alone, whose meaning differs between regular expressions in Python, ECMAScript and
Rust: all the characters they disagree about are refused. Tabs and line ends are not.
"""

import re
from typing import Final

_REFUSED: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff"
TEXT_PATTERN: Final = rf"^[^{_REFUSED}]*$"
NOT_BLANK_PATTERN: Final = rf"^[^{_REFUSED}]*[^{_REFUSED}\s][^{_REFUSED}]*$"
_CONTROL_CHARACTER: Final = re.compile(rf"[{_REFUSED}]")


def has_control_characters(text: str) -> bool:
    return _CONTROL_CHARACTER.search(text) is not None
