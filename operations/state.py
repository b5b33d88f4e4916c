"""The latest picture of the whole system, as the API and the dashboard show it."""

import json
from typing import Any, Final

from rest_framework.renderers import JSONRenderer

from api.remembering import remember, remembered
from operations.api.v2.serializers import StateSerializer
from operations.health.views import health_report
from operations.one_moment import one_moment
from tracking.state import system_state

KEPT_SECONDS: Final = 5
KEY: Final = "operations.state"
RENEWED_BY: Final = "operations.renew_state"


def current_state() -> dict[str, Any]:
    """As the API shows it; also for the dashboard, so that both say the same."""
    state: dict[str, Any] = json.loads(state_as_json())
    return state


def state_as_json() -> bytes:
    """Not older than five seconds. It may be more than a megabyte, and is written out once for all who ask."""
    return remembered(KEY, seconds=KEPT_SECONDS, make=_newest, renewed_by=RENEWED_BY)


def renew_state() -> None:
    remember(KEY, seconds=KEPT_SECONDS, make=_newest)


def _newest() -> bytes:
    """The health is asked outside of the reading transaction: its checks may take seconds when something is broken."""
    with one_moment():
        state = dict(StateSerializer(system_state()).data)
    rendered: bytes = JSONRenderer().render({**state, "health": health_report()})
    return rendered
