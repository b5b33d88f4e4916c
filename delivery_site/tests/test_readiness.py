import subprocess
import sys

import pytest
from django.conf import settings

from delivery_site.readiness import THRESHOLDS

ASK = """
import gc, sys, delivery_site.{kind}
print(gc.get_threshold(), gc.get_freeze_count() > len(gc.get_objects()), "delivery_site.urls_v2" in sys.modules)
"""


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
