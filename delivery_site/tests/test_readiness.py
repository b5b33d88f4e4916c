import subprocess
import sys
from unittest.mock import patch

import pytest
from celery.signals import worker_init
from django.conf import settings

from delivery_site.readiness import THRESHOLDS

ASK = """
import gc, sys, delivery_site.{kind}
print(gc.get_threshold(), gc.get_freeze_count() > len(gc.get_objects()), "delivery_site.urls_v2" in sys.modules)
"""


def test_a_worker_that_is_ready_stands_still_for_nothing_old() -> None:
    with patch("delivery_site.celery.keep_pauses_short") as keep_pauses_short:
        worker_init.send(sender=None)
    assert keep_pauses_short.called


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_views_are_loaded_and_what_is_loaded_is_not_looked_through_again(kind: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK.format(kind=kind)],
        cwd=settings.BASE_DIR,
        text=True,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert asked.stdout == f"{THRESHOLDS} True True\n"
