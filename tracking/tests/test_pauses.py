"""How the live process looks for garbage."""

import subprocess
import sys

from django.conf import settings

from tracking.live.pauses import THRESHOLDS

ASK = "import gc, delivery_site.asgi; print(gc.get_threshold(), gc.get_freeze_count() > len(gc.get_objects()))"


def test_what_is_loaded_at_the_start_is_not_looked_at_again_and_the_rest_seldom() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=settings.BASE_DIR, text=True, capture_output=True, timeout=120, check=True
    )
    assert asked.stdout == f"{THRESHOLDS} True\n"
