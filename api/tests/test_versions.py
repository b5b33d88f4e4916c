from typing import Any

import pytest
from rest_framework.test import APIClient


@pytest.fixture(autouse=True)
def _dates(settings: Any) -> None:
    settings.V1_DEPRECATED_AT = "2026-11-01T00:00:00Z"
    settings.V1_SUNSET_AT = "2027-11-01T00:00:00Z"


@pytest.mark.parametrize(("path", "status"), [("/api/old", 200), ("/api/old?x=1", 400)])
def test_every_answer_of_an_old_version_says_so(client: APIClient, path: str, status: int) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert answer["Deprecation"] == "@1793491200"
    assert answer["Sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
    assert answer["Link"] == '<http://testserver/api/v2/things>; rel="successor-version"'


def test_a_refused_stranger_is_told_too(stranger: APIClient) -> None:
    answer = stranger.get("/api/old")

    assert (answer.status_code, answer["Deprecation"]) == (401, "@1793491200")


def test_a_date_without_a_zone_is_refused(client: APIClient, settings: Any) -> None:
    settings.V1_SUNSET_AT = "2027-11-01T00:00:00"

    assert client.get("/api/old").status_code == 500
