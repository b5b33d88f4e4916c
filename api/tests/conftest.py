from typing import Any

import pytest
from rest_framework.test import APIClient


@pytest.fixture(autouse=True)
def _own_site(settings: Any) -> None:
    settings.ROOT_URLCONF = "api.tests.site"


@pytest.fixture
def client() -> APIClient:
    """Ada, who does not raise what the server fails with."""
    return caller("ada")


@pytest.fixture
def stranger() -> APIClient:
    return APIClient(raise_request_exception=False)


def caller(name: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_X_CALLER=name)
    return client
