from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from couriers.models import Courier, CourierPosition
from couriers.tests.conftest import Caller, refusal, selects, snapshot
from couriers.tests.factories import make_courier, staff
from orders.tests.factories import make_user

pytestmark = pytest.mark.django_db

START = {"latitude": 52.52, "longitude": 13.40, "accuracy_m": 5.0}


@pytest.fixture
def courier() -> Courier:
    return make_courier()


def at(seconds_ago: float, **fields: Any) -> dict[str, Any]:
    moment = timezone.now() - timedelta(seconds=seconds_ago)
    return {**START, "recorded_at": moment.isoformat(), **fields}


def send(courier: Courier, *positions: dict[str, Any]) -> Any:
    return Caller(courier.user).post("couriers/me/positions", {"positions": list(positions)})


def whereabouts(courier: Courier) -> tuple[float | None, float | None, datetime | None]:
    courier.refresh_from_db()
    return courier.latitude, courier.longitude, courier.position_recorded_at


def test_the_newest_position_is_where_the_courier_is(courier: Courier) -> None:
    older, newest, oldest = at(20, latitude=52.1), at(10, latitude=52.2), at(30, latitude=52.0)

    response = send(courier, older, newest, oldest)

    assert (response.status_code, response.json()) == (200, {"accepted": 3, "ignored": 0})
    moment = datetime.fromisoformat(newest["recorded_at"])
    assert whereabouts(courier) == (52.2, 13.40, moment)
    assert courier.position_accuracy_m == 5.0
    kept = courier.positions.values_list("latitude", "longitude", "accuracy_m")
    assert list(kept) == [(52.0, 13.40, 5.0), (52.1, 13.40, 5.0), (52.2, 13.40, 5.0)]


def test_accuracy_is_optional(courier: Courier) -> None:
    position = at(1)
    del position["accuracy_m"]
    assert send(courier, position).status_code == 200
    assert courier.positions.get().accuracy_m is None


def test_a_batch_that_is_sent_again_under_its_key_is_answered_as_before(courier: Courier) -> None:
    batch = {"positions": [at(30), at(20)]}
    first = Caller(courier.user).post("couriers/me/positions", batch, key="batch-1")

    second = Caller(courier.user).post("couriers/me/positions", batch, key="batch-1")

    assert (first.json(), second.json()) == ({"accepted": 2, "ignored": 0}, {"accepted": 2, "ignored": 0})
    assert second["Idempotent-Replayed"] == "true"


def test_a_batch_that_is_sent_again_does_no_harm(courier: Courier) -> None:
    batch = [at(30, latitude=52.1), at(20, latitude=52.2)]
    send(courier, *batch)
    before = whereabouts(courier)
    again = send(courier, *batch, at(10, latitude=52.3))
    assert again.json() == {"accepted": 1, "ignored": 2}
    assert courier.positions.count() == 3
    assert whereabouts(courier) > before


def test_a_position_that_is_sent_again_is_known(courier: Courier) -> None:
    first = at(20, latitude=52.1)
    assert send(courier, first).json() == {"accepted": 1, "ignored": 0}
    assert send(courier, first).json() == {"accepted": 0, "ignored": 1}
    send(courier, at(10, latitude=52.2))
    assert send(courier, first).json() == {"accepted": 0, "ignored": 1}
    assert courier.positions.count() == 2


def test_one_moment_named_twice_in_a_batch_counts_once(courier: Courier) -> None:
    position = at(10)
    assert send(courier, position, position).json() == {"accepted": 1, "ignored": 1}


def test_a_late_batch_does_not_move_the_courier_back(courier: Courier) -> None:
    send(courier, at(10, latitude=52.3))
    before = whereabouts(courier)
    assert send(courier, at(60, latitude=52.1)).json() == {"accepted": 1, "ignored": 0}
    assert whereabouts(courier) == before
    assert courier.positions.count() == 2


def test_two_couriers_may_be_somewhere_at_the_same_moment(courier: Courier) -> None:
    position = at(10)
    assert send(courier, position).json() == send(make_courier(), position).json() == {"accepted": 1, "ignored": 0}


def test_moving_does_not_change_the_version(courier: Courier) -> None:
    send(courier, at(1))
    courier.refresh_from_db()
    assert courier.version == 1


def test_a_clock_may_be_a_minute_fast(courier: Courier) -> None:
    assert send(courier, at(-50)).json() == {"accepted": 1, "ignored": 0}


def test_positions_from_the_future_are_refused_by_name_with_their_whole_batch(courier: Courier) -> None:
    before = (snapshot(), whereabouts(courier))
    response = send(courier, at(10), at(-120), at(5), at(-86_400))
    assert refusal(response) == (400, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        ("/positions/1/recorded_at", "in_the_future"),
        ("/positions/3/recorded_at", "in_the_future"),
    ]
    assert CourierPosition.objects.count() == 0
    assert (snapshot(), whereabouts(courier)) == before


def test_positions_of_another_day_are_ignored(courier: Courier, settings: Any) -> None:
    settings.POSITION_MAX_AGE_HOURS = 2
    assert send(courier, at(3 * 3600), at(3600)).json() == {"accepted": 1, "ignored": 1}
    assert courier.positions.count() == 1


def test_a_batch_of_nothing_but_old_ones_is_taken_and_ignored(courier: Courier) -> None:
    assert send(courier, at(25 * 3600)).json() == {"accepted": 0, "ignored": 1}
    assert whereabouts(courier) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"latitude": 90.1}, "/positions/0/latitude"),
        ({"latitude": "52.5"}, "/positions/0/latitude"),
        ({"longitude": -180.5}, "/positions/0/longitude"),
        ({"accuracy_m": -1}, "/positions/0/accuracy_m"),
        ({"recorded_at": "yesterday"}, "/positions/0/recorded_at"),
        ({"recorded_at": 1_700_000_000}, "/positions/0/recorded_at"),
        ({"speed": 12}, "/positions/0/speed"),
    ],
)
def test_a_malformed_position_is_refused(courier: Courier, change: dict[str, Any], pointer: str) -> None:
    response = send(courier, {**at(1), **change})
    assert refusal(response) == (400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert CourierPosition.objects.count() == 0


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_holds_between_one_and_five_hundred(courier: Courier, count: int) -> None:
    response = send(courier, *[at(number) for number in range(count)])
    assert refusal(response) == (400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == ["/positions"]
    assert CourierPosition.objects.count() == 0


@pytest.mark.parametrize(("count", "statements"), [(1, 1), (2, 3), (500, 3)])
def test_three_statements_are_enough_for_any_batch(courier: Courier, count: int, statements: int) -> None:
    positions = [at(number) for number in range(count)]
    with CaptureQueriesContext(connection) as queries:
        assert send(courier, *positions).json() == {"accepted": count, "ignored": 0}
    assert selects(queries) == statements


@pytest.mark.django_db(transaction=True)
def test_a_single_position_needs_no_transaction(courier: Courier) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert send(courier, at(1)).status_code == 200
    assert "BEGIN" not in [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_a_single_position_is_kept_and_moves_the_courier_on_each_database(courier: Courier, vendor: str) -> None:
    position = at(5, latitude=52.1)
    with patch.object(connection, "vendor", vendor):
        assert send(courier, position).json() == {"accepted": 1, "ignored": 0}
        assert send(courier, position).json() == {"accepted": 0, "ignored": 1}
    moment = datetime.fromisoformat(position["recorded_at"])
    assert whereabouts(courier) == (52.1, 13.40, moment)
    kept = courier.positions.get()
    assert (kept.latitude, kept.longitude, kept.accuracy_m, kept.recorded_at) == (52.1, 13.40, 5.0, moment)
    assert abs(kept.created_at - timezone.now()) < timedelta(minutes=1)


def test_a_known_batch_costs_one_statement(courier: Courier) -> None:
    positions = [at(number) for number in range(20)]
    send(courier, *positions)
    with CaptureQueriesContext(connection) as queries:
        send(courier, *positions)
    assert selects(queries) == 1


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_staff_have_no_position(role: Role) -> None:
    user = staff(role)
    for age in (1, 25 * 3600):
        response = Caller(user).post("couriers/me/positions", {"positions": [at(age)]})
        assert refusal(response) == (404, "courier_not_found")


def test_others_lack_the_scope() -> None:
    response = Caller(make_user()).post("couriers/me/positions", {"positions": [at(1)]})
    assert refusal(response) == (403, "insufficient_scope")


def test_moments_are_compared_across_time_zones(courier: Courier) -> None:
    moment = timezone.now().astimezone(UTC) - timedelta(seconds=5)
    berlin = moment.astimezone(tz=timezone.get_fixed_timezone(60))
    send(courier, at(0, recorded_at=moment.isoformat()))
    assert send(courier, at(0, recorded_at=berlin.isoformat())).json() == {"accepted": 0, "ignored": 1}


@pytest.mark.django_db(transaction=True)
def test_a_watcher_who_fails_does_no_harm(courier: Courier, caplog: pytest.LogCaptureFixture) -> None:
    with patch("couriers.services.positions.tell_moved", side_effect=RuntimeError("a page that fails")):
        response = send(courier, at(10, latitude=52.1))

    assert (response.status_code, response.json()) == (200, {"accepted": 1, "ignored": 0})
    assert whereabouts(courier)[0] == 52.1
    assert "a page that fails" in caplog.text
