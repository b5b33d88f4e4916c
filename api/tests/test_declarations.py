"""What the views of the whole site declare is what their handlers do."""

import inspect
import re
from typing import Any

import pytest
from django.core.checks import run_checks

from api.idempotency.keys import key_requirement
from api.routes import api_views, handlers_of

# Read by the handler, or by the `change` that several of them share, where it is never required.
EXPECTATION = re.compile(r"expected_version\(.*?required=(?P<required>True|False)|self\.change\(\)", re.DOTALL)


@pytest.fixture(autouse=True)
def _whole_site(settings: Any, _own_site: None) -> None:
    settings.ROOT_URLCONF = "delivery_site.urls"


def test_every_method_declares_its_scopes() -> None:
    assert run_checks(tags=["api"]) == []


def test_every_use_of_if_match_is_declared() -> None:
    """Else OpenAPI would not tell of the header, nor of the 412."""
    for view in api_views():
        for method, handler in handlers_of(view).items():
            used = EXPECTATION.search(inspect.getsource(inspect.unwrap(handler)))
            expected = used.group("required") == "True" if used else None
            assert view.if_match.get(method) is expected, f"{view.__qualname__} {method}"


# Signing in and out, and a provider's own event ids.
REPEATABLE_BY_NATURE = {"TokenView", "RevocationView", "SocketTicketView", "SimulatedWebhook"}


def test_every_other_post_takes_an_idempotency_key() -> None:
    keyless = {
        view.__qualname__
        for view in api_views()
        for method, handler in handlers_of(view).items()
        if method == "POST" and key_requirement(handler) is None
    }

    assert keyless == REPEATABLE_BY_NATURE
