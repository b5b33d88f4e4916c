"""How prices are said."""

from typing import Any, Final

from django.utils.formats import number_format

CENTS: Final = 2


def amount_words(amount: Any) -> str:
    """In the active language's way."""
    return number_format(amount, decimal_pos=CENTS, use_l10n=True, force_grouping=True)


def money_words(amount: Any, currency: str) -> str:
    """Held together by a no-break space."""
    return f"{amount_words(amount)}\N{NO-BREAK SPACE}{currency}"
