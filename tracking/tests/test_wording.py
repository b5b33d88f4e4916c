"""The page's words are all there, in both languages."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext, trans_real

from couriers.vehicles import Vehicle
from orders.models import ChargeKind, Order
from orders.states import OrderStatus, PaymentMethod
from tracking.wording import (
    STEPS,
    age_words,
    charge_words,
    distance_words,
    headline_and_lead,
    left_words,
    patterns,
    refund_words,
    vehicle_words,
)

TEMPLATES: Final = Path(settings.BASE_DIR) / "templates" / "tracking"
TRANSLATED: Final = re.compile(r"""\{% translate (?:"([^"]+)"|'([^']+)') %\}""")


def said() -> list[str]:
    """Everything that the page can say beside its templates."""
    orders = [
        Order(status=status, payment_method=method, ready_at=ready_at)
        for status in OrderStatus
        for method in PaymentMethod
        for ready_at in (None, timezone.now())
    ]
    return [
        *(words for order in orders for words in (*headline_and_lead(order), refund_words(order))),
        *map(gettext, STEPS),
        *map(vehicle_words, Vehicle),
        *map(charge_words, ChargeKind),
        *patterns().values(),
    ]


def test_every_state_vehicle_and_charge_has_its_words_in_both_languages() -> None:
    with translation.override("en"):
        english = said()
    with translation.override("de"):
        german = said()
    catalogue = vars(trans_real.translation("de"))["_catalog"]
    assert [text for text in english if text not in catalogue] == []
    assert german == [catalogue[text] for text in english]


def test_every_word_of_the_templates_is_in_the_catalogue() -> None:
    written = [
        double or single
        for path in TEMPLATES.glob("*.html")
        for double, single in TRANSLATED.findall(path.read_text(encoding="utf-8"))
    ]
    catalogue = vars(trans_real.translation("de"))["_catalog"]
    assert len(written) > 25
    assert [text for text in written if text not in catalogue] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["59 s ago", "1 min ago", "900 m", "1.2 km", "in about 1 min", "in about 3 min"]),
        ("de", ["vor 59 s", "vor 1 min", "900 m", "1,2 km", "in etwa 1 min", "in etwa 3 min"]),
    ],
)
def test_figures_are_said_in_the_languages_own_way(language: str, words: list[str]) -> None:
    with translation.override(language):
        assert [
            age_words(59), age_words(60), distance_words(900), distance_words(1200), left_words(5), left_words(170),
        ] == words  # fmt: skip
