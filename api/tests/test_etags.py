from typing import Any

import pytest
from rest_framework.test import APIClient

from api.errors import PreconditionFailed
from api.etags import check_version
from api.tests.site import CURRENT_VERSION

THING = "/api/things/0192f0c1-2b3c-7d4e-8f50-123456789abc"


def patch(client: APIClient, if_match: str | None) -> Any:
    return client.patch(THING, {}, format="json", headers={} if if_match is None else {"If-Match": if_match})


def test_the_current_version_is_let_through(client: APIClient) -> None:
    assert patch(client, client.get(THING)["ETag"]).status_code == 200


@pytest.mark.parametrize("if_match", ['"6"', '"8"', 'W/"7"', '"seven"', '""', '"07"', '"99999999999"'])
def test_another_entity_tag_is_stale(client: APIClient, if_match: str) -> None:
    answer = patch(client, if_match)

    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert (answer["ETag"], answer.json()["current_version"]) == ('"7"', 7)


@pytest.mark.parametrize("if_match", [None, "", "*"])
def test_a_change_needs_the_version_it_is_for(client: APIClient, if_match: str | None) -> None:
    answer = patch(client, if_match)

    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


@pytest.mark.parametrize("if_match", ["7", "seven", '"6", "7"', '"7'])
def test_what_is_not_one_entity_tag_is_invalid(client: APIClient, if_match: str) -> None:
    answer = patch(client, if_match)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["header"] == "If-Match"


@pytest.mark.parametrize(("if_match", "status"), [(None, 200), ("*", 200), ('"7"', 200), ('"6"', 412), ("", 400)])
def test_a_change_that_may_be_unconditional_heeds_a_condition(
    client: APIClient, if_match: str | None, status: int
) -> None:
    answer = client.delete(THING, headers={} if if_match is None else {"If-Match": if_match})

    assert answer.status_code == status


def test_without_an_expectation_any_version_will_do() -> None:
    check_version(CURRENT_VERSION, None)
    check_version(CURRENT_VERSION, CURRENT_VERSION)
    with pytest.raises(PreconditionFailed):
        check_version(CURRENT_VERSION, CURRENT_VERSION - 1)
