from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client_for() -> ClientFor:
    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make
