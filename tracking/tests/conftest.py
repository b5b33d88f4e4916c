from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tracking.tests.routing_engine import RoutingEngine, routing_engine


@pytest.fixture
def engine(settings: Any) -> Iterator[RoutingEngine]:
    """An OSRM that is set up and answers with a way around the block."""
    with routing_engine() as engine:
        settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", engine.url
        yield engine


@pytest.fixture(params=["redis", "memory"])
def each_wire(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hints go through Redis, as between processes, and through the memory of one."""
    if request.param == "redis":
        yield
        return
    with override_settings(REDIS_URL=""):
        yield
