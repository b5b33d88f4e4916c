"""Which language a visitor is spoken to in: the one they chose in the address, else the one their browser asks for."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

PARAMETER: Final = "lang"


@dataclass(frozen=True)
class Spoken:
    code: str
    is_chosen: bool

    @property
    def query(self) -> str:
        """To be put after addresses, so that a choice goes along. There is no cookie to keep it in."""
        return f"?{PARAMETER}={self.code}" if self.is_chosen else ""

    @property
    def others(self) -> list[tuple[str, str]]:
        return [(code, name) for code, name in settings.LANGUAGES if code != self.code]


def spoken_in(request: HttpRequest) -> Spoken:
    chosen = request.GET.get(PARAMETER)
    if chosen in dict(settings.LANGUAGES):
        return Spoken(str(chosen), is_chosen=True)
    return Spoken(translation.get_language_from_request(request), is_chosen=False)
