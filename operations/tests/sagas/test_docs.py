"""docs/sagas.md says what the code does."""

import re
from pathlib import Path

from django.conf import settings

from events.handlers import all_destinations
from events.services.relaying import RETRY_AFTER_SECONDS
from events.types import EVENT_TYPES
from operations.admin.stuck.money import LOOK_BACK
from operations.admin.stuck.page import KINDS
from payments.services.submitting import CHARGES, REFUNDS

PAGE = Path(settings.BASE_DIR, "docs", "sagas.md").read_text()
FAMILIES = "order|payment|refund|assignment|event_delivery"


def test_the_events_on_the_page_exist() -> None:
    named = set(re.findall(rf"\b((?:{FAMILIES})\.[a-z_]+)\b", PAGE))
    assert named <= EVENT_TYPES
    assert {name for name in EVENT_TYPES if name.startswith("refund.")} <= named


def test_the_jobs_and_handlers_on_the_page_exist() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert set(re.findall(r"job `([a-z_.]+)`", PAGE)) <= scheduled
    assert set(re.findall(r"handler `([a-z_.]+)`", PAGE)) <= set(all_destinations())


def test_the_settings_on_the_page_exist() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*_SECONDS)`", PAGE))
    assert [name for name in named if not hasattr(settings, name)] == []
    assert len(named) == 7


def test_the_page_names_every_kind_in_the_order_of_the_admin_page() -> None:
    table = PAGE.split("| kind | shown |", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"^\| ([A-Z][^|]+?) \|", table, flags=re.MULTILINE) == [kind.title for kind in KINDS]


def test_the_page_tells_how_often_is_tried() -> None:
    tried = [int(number) for number in re.findall(r"is tried \| (\d+) times", PAGE)]
    assert tried == [CHARGES.attempts, REFUNDS.attempts, len(RETRY_AFTER_SECONDS) + 1]
    assert (RETRY_AFTER_SECONDS, LOOK_BACK.days) == ((1, 2, 4, 8, 16), 3)
