"""The languages that messages are written in. The catalogues are in notifications/locale."""

from typing import Final

LANGUAGES: Final = [("en", "English"), ("de", "Deutsch")]
