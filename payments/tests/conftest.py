from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from events.models import Event

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client_for() -> ClientFor:
    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make


def published(*types: str) -> list[Event]:
    """The events of these types, oldest first."""
    return list(Event.objects.filter(type__in=types).order_by("position"))


def facts() -> list[str]:
    """The types of everything published, oldest first."""
    return list(Event.objects.order_by("position").values_list("type", flat=True))
