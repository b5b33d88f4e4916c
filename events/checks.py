from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

RECORDING_SECONDS: Final = 10
"""After the deadline of a request its outcome has to be written down, on a busy day too."""


@register("events")
def check_webhook_lease(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.WEBHOOK_TIMEOUT_SECONDS + RECORDING_SECONDS <= settings.EVENT_LEASE_SECONDS:
        return []
    return [
        Error(
            "EVENT_LEASE_SECONDS must be at least WEBHOOK_TIMEOUT_SECONDS and "
            f"{RECORDING_SECONDS} s: else another worker sends again what is still under way.",
            id="events.E001",
        )
    ]
