from collections.abc import Iterator
from typing import Any

import pytest

from tracking.tests.routing_engine import RoutingEngine, routing_engine


@pytest.fixture
def engine(settings: Any) -> Iterator[RoutingEngine]:
    """An OSRM that is set up and answers with a way around the block."""
    with routing_engine() as engine:
        settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", engine.url
        yield engine
