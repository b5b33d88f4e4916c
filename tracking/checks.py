"""`manage.py check` proves that the routing engine could be asked."""

import re
from collections.abc import Sequence
from typing import Any, Final

import httpx
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from tracking.roads.engines import ENGINES

# Longer than anybody should wait for an engine of their own; well below the pause after which it is asked again.
LONGEST_TIMEOUT_SECONDS: Final = 5


@register("tracking")
def check_routing(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    engine, url = settings.ROUTING_ENGINE, settings.ROUTING_URL
    found: list[CheckMessage] = []
    if engine and engine not in ENGINES:
        known = " or ".join(ENGINES)
        found.append(Error(f"ROUTING_ENGINE is {engine!r}.", hint=f"It is {known}, or empty.", id="tracking.E001"))
    if bool(engine) != bool(url):
        set_one, missing = ("ROUTING_ENGINE", "ROUTING_URL") if engine else ("ROUTING_URL", "ROUTING_ENGINE")
        found.append(Error(f"{set_one} is set, {missing} is not.", hint="Set both or neither.", id="tracking.E002"))
    if url and not is_engine_url(url, engine=engine):
        hint = "It is like http://127.0.0.1:5000, without ? and #; that of OSRM may contain {profile}."
        found.append(Error("ROUTING_URL is no address of a routing engine.", hint=hint, id="tracking.E003"))
    if not 0 < settings.ROUTING_TIMEOUT_SECONDS <= LONGEST_TIMEOUT_SECONDS:
        hint = f"It is more than 0 and at most {LONGEST_TIMEOUT_SECONDS}."
        found.append(Error("ROUTING_TIMEOUT_SECONDS is out of range.", hint=hint, id="tracking.E004"))
    return found


def is_engine_url(url: str, *, engine: str) -> bool:
    placeholders = {"{profile}"} if engine == "osrm" else set()
    if not set(re.findall(r"[{][^}]*[}]?|[}]", url)) <= placeholders:
        return False
    try:
        parts = httpx.URL(url.replace("{profile}", "car"))
    except httpx.InvalidURL:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.host) and not parts.query and not parts.fragment
